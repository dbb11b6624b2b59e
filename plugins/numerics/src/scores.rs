//! Scores against binary ground truth, exact or in bins: what metrics of ranking keep.

use std::borrow::Cow;

use driftline_sdk::{Error, Result, Rows, labels, weights};
use serde::{Deserialize, Serialize};

use crate::{Classes, ScoreBins, column::count_missing};

/// Rows of the inputs `score`, `label` and, where it is bound, `weight`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Scores {
    classes: Classes,
    bins: Option<ScoreBins>,
    /// Rows left out because their score is not a number.
    not_numbers: u64,
}

impl Scores {
    /// No rows yet: exact, or in so many `bins` over `range`.
    ///
    /// # Errors
    /// When the range does not ascend.
    pub fn open(bins: Option<u32>, range: (f64, f64)) -> Result<Self> {
        let (low, high) = range;
        if !(low < high && (high - low).is_finite()) {
            return Err(Error::parameters(format!("`range` is [{low}, {high}]: give the smaller end first")));
        }
        let bins = bins.map(|bins| ScoreBins::new(bins as usize, range));
        Ok(Self { bins, ..Self::default() })
    }

    /// Takes in rows; `positive` names the positive label.
    ///
    /// # Errors
    /// When a label or a weight can't be used.
    pub fn update(&mut self, rows: &Rows, positive: Option<&str>) -> Result<()> {
        let labels = labels(rows, "label", positive)?;
        let scores = rows.numbers("score")?;
        let weights = weights(rows, "weight")?;
        if count_missing(&scores) > 0 {
            self.add_numbers_only(&scores, &labels, weights.as_deref());
        } else {
            self.add(&scores, &labels, weights.as_deref());
        }
        Ok(())
    }

    /// Sorts what is buffered; needed before reading.
    pub fn settle(&mut self) {
        self.classes.settle();
    }

    /// Adds the rows of other scores.
    ///
    /// # Errors
    /// When they were kept in another way.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        let bins_fit = match (&mut self.bins, &other.bins) {
            (Some(bins), Some(others)) => others.is_sound() && bins.merge(others),
            (None, None) => true,
            _ => false,
        };
        if !bins_fit || !other.classes.is_sound() {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.classes.merge(other.classes);
        self.not_numbers += other.not_numbers;
        Ok(())
    }

    /// The rows by class, as if the scores of a bin were equal where there are bins.
    pub fn classes(&self) -> Cow<'_, Classes> {
        self.bins.as_ref().map_or(Cow::Borrowed(&self.classes), |bins| Cow::Owned(bins.classes()))
    }

    /// The bins, where there are any.
    pub fn bins(&self) -> Option<&ScoreBins> {
        self.bins.as_ref()
    }

    /// A remark, with how many rows were left out when there are such rows.
    pub fn remark(&self, remark: &str) -> String {
        match (remark, self.not_numbers) {
            (remark, 0) => remark.to_owned(),
            ("", rows) => format!("{rows} rows without a numeric score left out"),
            (remark, rows) => format!("{remark}; {rows} rows without a numeric score left out"),
        }
    }

    fn add(&mut self, scores: &[f64], labels: &[u8], weights: Option<&[f64]>) {
        match (&mut self.bins, weights) {
            (Some(bins), weights) => bins.extend(scores, labels, weights),
            (None, Some(weights)) => self.classes.extend_weighted(scores, labels, weights),
            (None, None) => self.classes.extend(scores, labels),
        }
    }

    fn add_numbers_only(&mut self, scores: &[f64], labels: &[u8], weights: Option<&[f64]>) {
        let rows: Vec<usize> = (0..scores.len()).filter(|row| !scores[*row].is_nan()).collect();
        self.not_numbers += (scores.len() - rows.len()) as u64;
        let pick = |cells: &[f64]| rows.iter().map(|row| cells[*row]).collect::<Vec<_>>();
        let labels: Vec<u8> = rows.iter().map(|row| labels[*row]).collect();
        self.add(&pick(scores), &labels, weights.map(pick).as_deref());
    }
}

/// Why a metric that needs both classes is undefined.
pub fn missing_class(classes: &Classes) -> Option<&'static str> {
    match (classes.positives().is_empty(), classes.negatives().is_empty()) {
        (false, false) => None,
        (false, true) => Some("only one class in the window: no negative rows"),
        (true, false) => Some("only one class in the window: no positive rows"),
        (true, true) => Some("no labelled rows in the window"),
    }
}
