//! The rows of each class with their scores.

use std::collections::BTreeMap;

use driftline_numerics::{EqualBins, coded};
use driftline_sdk::{prelude::*, weights};

use crate::{areas::Areas, scores::Scores};

/// More labels than this are no classes.
const MOST: usize = 1_000;

/// The scores of the rows of each label, column by column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Classes {
    labels: BTreeMap<String, Vec<Scores>>,
    bins: Option<EqualBins>,
    weighted: bool,
    not_numbers: u64,
}

impl Classes {
    /// No rows yet: exact, or in bins.
    pub(crate) fn new(bins: Option<EqualBins>) -> Self {
        Self { bins, ..Self::default() }
    }

    /// Takes in rows of the inputs `scores`, `label` and, where it is bound, `weight`.
    pub(crate) fn update(&mut self, rows: &Rows) -> Result<()> {
        let columns: Vec<_> = rows.columns("scores")?.into_iter().map(|column| rows.numbers_of(column)).collect();
        let (classes, weights) = (coded(rows, "label")?, weights(rows, "weight")?);
        self.weighted |= weights.is_some();
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); classes.labels.len()];
        for (row, code) in classes.codes.iter().enumerate() {
            match places.get_mut(*code as usize) {
                Some(place) if columns.iter().all(|scores| !scores[row].is_nan()) => place.push(row),
                _ => self.not_numbers += 1,
            }
        }
        for (label, rows) in classes.labels.into_iter().zip(places).filter(|(_, rows)| !rows.is_empty()) {
            let bins = self.bins;
            let ours = self.labels.entry(label).or_insert_with(|| vec![Scores::new(bins); columns.len()]);
            for (ours, scores) in ours.iter_mut().zip(&columns) {
                let weight = |row: usize| weights.as_ref().map_or(1.0, |weights| weights[row]);
                ours.extend(rows.iter().map(|row| (scores[*row], weight(*row))), weights.is_some(), bins);
            }
        }
        self.check()
    }

    pub(crate) fn settle(&mut self) {
        self.labels.values_mut().flatten().for_each(Scores::settle);
    }

    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        let mut fit = self.bins == other.bins;
        for (label, theirs) in other.labels {
            let bins = self.bins;
            let ours = self.labels.entry(label).or_insert_with(|| vec![Scores::new(bins); theirs.len()]);
            fit &= ours.len() == theirs.len();
            fit &= ours.iter_mut().zip(theirs).all(|(ours, theirs)| ours.merge(theirs));
        }
        if !fit {
            return Err(Error::data("the saved state was made with other columns or parameters"));
        }
        self.weighted |= other.weighted;
        self.not_numbers += other.not_numbers;
        self.check()
    }

    /// The areas, or why there are none. `classes` names the class of each column; without it columns are taken in the
    /// order of the labels.
    pub(crate) fn report(&self, classes: Option<&[String]>, columns: usize) -> core::result::Result<Report, String> {
        let sets = self.labels.iter().map(|(label, columns)| {
            let ordered: Vec<_> = columns.iter().map(Scores::ordered).collect();
            (label.as_str(), ordered)
        });
        let labels = sets.filter(|(_, sets)| sets.first().is_some_and(|set| set.total() > 0.0)).collect();
        let areas = Areas::new(labels, classes, columns, !self.weighted)?;
        let left_out = format!("{} rows without numeric scores left out", self.not_numbers);
        let note = |bound: f64| {
            let bound = format!("counted in bins; the exact area differs by at most {bound:.1e}");
            let notes = [self.bins.map(|_| bound), (self.not_numbers > 0).then(|| left_out.clone())];
            notes.into_iter().flatten().collect::<Vec<_>>().join("; ")
        };
        Ok(areas.report(note))
    }

    fn check(&self) -> Result<()> {
        match self.labels.len() > MOST {
            true => Err(Error::data(format!("`label` has more than {MOST} values: is it the class?"))),
            false => Ok(()),
        }
    }
}
