//! The metric: what it takes, keeps and reports.

use driftline_numerics::roc::Roc;
use driftline_sdk::{labels, prelude::*};

use crate::{bins::Bins, classes::Classes};

const OUTPUTS: [&str; 2] = ["roc_auc", "gini"];

/// What a user may choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The label of positive rows. Without it, 1 and true are positive, 0 and false negative.
    #[serde(default)]
    positive: Option<String>,
    /// Bounds the memory: scores are counted in this many equal bins, and the area is exact up to the error that the
    /// note states. Without it the area is exact.
    #[serde(default)]
    #[schemars(range(min = 2, max = 1_000_000))]
    bins: Option<u32>,
    /// The smallest and largest score when `bins` is given; scores outside count in the end bins.
    #[serde(default = "unit_range")]
    range: (f64, f64),
}

fn unit_range() -> (f64, f64) {
    (0.0, 1.0)
}

/// Scores of positives and negatives, exact or in bins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RocAuc {
    classes: Classes,
    bins: Option<Bins>,
    /// Rows left out because their score is not a number.
    not_numbers: u64,
}

impl Metric for RocAuc {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "roc-auc",
            "1.0.0",
            "Area under the ROC curve: the chance that a positive row scores above a negative one, ties counting half. \
             Exact, with DeLong's standard error.",
        )
        .input(Input::number("score").doc("The model's score; higher speaks for positive."))
        .input(
            Input::new("label", &[Kind::Number, Kind::Category])
                .doc("The truth: 0 or 1, a boolean, or a category with the parameter `positive`."),
        )
        .input(Input::number("weight").optional().doc("How much a row counts; finite and not negative."))
        .output(Output::new("roc_auc").higher_is_better().range(0.0, 1.0).doc("The area; 0.5 is chance."))
        .output(Output::new("gini").higher_is_better().range(-1.0, 1.0).doc("2 roc_auc - 1."))
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        let (low, high) = run.parameters.range;
        if !(low < high && (high - low).is_finite()) {
            return Err(Error::parameters(format!("`range` is [{low}, {high}]: give the smaller end first")));
        }
        let bins = run.parameters.bins.map(|bins| Bins::new(bins as usize, (low, high)));
        Ok(Self { bins, ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let labels = labels(rows, "label", run.parameters.positive.as_deref())?;
        let scores = rows.numbers("score")?;
        let weights = if rows.has("weight")? { Some(rows.numbers("weight")?) } else { None };
        if let Some(weight) = weights.iter().flat_map(|weights| weights.iter()).find(|w| !(w.is_finite() && **w >= 0.0))
        {
            return Err(Error::data(format!("`weight` holds {weight}: weights must be finite and not negative")));
        }
        if scores.iter().fold(false, |any, score| any | score.is_nan()) {
            return self.add_numbers_only(&scores, &labels, weights.as_deref());
        }
        self.add(&scores, &labels, weights.as_deref());
        Ok(())
    }

    fn settle(&mut self) {
        self.classes.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
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

    fn evaluate(&self, _: Option<&Self>, _: &Run<Parameters>) -> Result<Report> {
        if let Some(reason) = self.undefined() {
            return Ok(Report::undefined(&OUTPUTS, &self.remark(reason)));
        }
        let roc = self.bins.as_ref().map_or_else(|| self.classes.roc(), Bins::roc);
        let note = self.remark(&self.bins.as_ref().map_or_else(String::new, |_| bound(&roc)));
        let area = Value::new("roc_auc", roc.area).standard_error(roc.standard_error).note(note);
        let gini = Value::new("gini", 2.0 * roc.area - 1.0).standard_error(roc.standard_error.map(|error| 2.0 * error));
        let chart = Chart::line("ROC curve", "false positive rate", "true positive rate");
        let chart = chart.series("model", roc.curve).series("chance", [(0.0, 0.0), (1.0, 1.0)]);
        Ok(Report::new().value(area).value(gini).chart(chart))
    }
}

impl RocAuc {
    fn add(&mut self, scores: &[f64], labels: &[u8], weights: Option<&[f64]>) {
        match (&mut self.bins, weights) {
            (Some(bins), weights) => bins.extend(scores, labels, weights),
            (None, Some(weights)) => self.classes.extend_weighted(scores, labels, weights),
            (None, None) => self.classes.extend(scores, labels),
        }
    }

    fn add_numbers_only(&mut self, scores: &[f64], labels: &[u8], weights: Option<&[f64]>) -> Result<()> {
        let rows: Vec<usize> = (0..scores.len()).filter(|row| !scores[*row].is_nan()).collect();
        self.not_numbers += (scores.len() - rows.len()) as u64;
        let pick = |cells: &[f64]| rows.iter().map(|row| cells[*row]).collect::<Vec<_>>();
        let labels: Vec<u8> = rows.iter().map(|row| labels[*row]).collect();
        self.add(&pick(scores), &labels, weights.map(pick).as_deref());
        Ok(())
    }

    fn undefined(&self) -> Option<&'static str> {
        let (positives, negatives) = match &self.bins {
            Some(bins) => (bins.has_positives(), bins.has_negatives()),
            None => (self.classes.has_positives(), self.classes.has_negatives()),
        };
        match (positives, negatives) {
            (true, true) => None,
            (true, false) => Some("only one class in the window: no negative rows"),
            (false, true) => Some("only one class in the window: no positive rows"),
            (false, false) => Some("no labelled rows in the window"),
        }
    }

    fn remark(&self, remark: &str) -> String {
        match (remark, self.not_numbers) {
            (remark, 0) => remark.to_owned(),
            ("", rows) => format!("{rows} rows without a numeric score left out"),
            (remark, rows) => format!("{remark}; {rows} rows without a numeric score left out"),
        }
    }
}

fn bound(roc: &Roc) -> String {
    format!("counted in bins; the exact area differs by at most {:.1e}", roc.tied / 2.0)
}
