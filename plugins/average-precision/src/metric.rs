//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Scores, scores::missing_class};
use driftline_sdk::prelude::*;

use crate::curve::{Curve, curve};

const OUTPUTS: [&str; 3] = ["average_precision", "best_f1", "best_f1_threshold"];

/// What a user may choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The label of positive rows. Without it, 1 and true are positive, 0 and false negative.
    #[serde(default)]
    positive: Option<String>,
    /// Bounds the memory: scores are counted in this many equal bins, and average precision is exact up to the error
    /// that the note states. Without it the result is exact.
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
pub struct AveragePrecision {
    scores: Scores,
}

impl Metric for AveragePrecision {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "average-precision",
            "1.0.0",
            "Average precision: the mean of the precision at every positive row, from the highest score down, with the \
             precision-recall curve and the threshold of the best F1. Without skill it is the share of positives.",
        )
        .input(Input::number("score").doc("The model's score; higher speaks for positive."))
        .input(
            Input::new("label", &[Kind::Number, Kind::Category])
                .doc("The truth: 0 or 1, a boolean, or a category with the parameter `positive`."),
        )
        .input(Input::number("weight").optional().doc("How much a row counts; finite and not negative."))
        .output(
            Output::new("average_precision").higher_is_better().range(0.0, 1.0).doc(
                "The step sum of precision over recall; its standard error is the binomial one over the positives.",
            ),
        )
        .output(Output::new("best_f1").higher_is_better().range(0.0, 1.0).doc("The largest F1 of any threshold."))
        .output(
            Output::new("best_f1_threshold")
                .doc("The lowest score of the best F1: rows at or above it would count as positive."),
        )
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { scores: Scores::open(run.parameters.bins, run.parameters.range)? })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        self.scores.update(rows, run.parameters.positive.as_deref())
    }

    fn settle(&mut self) {
        self.scores.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.scores.merge(other.scores)
    }

    fn evaluate(&self, _: Option<&Self>, _: &Run<Parameters>) -> Result<Report> {
        let classes = self.scores.classes();
        let missing = missing_class(&classes);
        if let (Some(reason), true) = (missing, classes.positives().is_empty()) {
            return Ok(Report::undefined(&OUTPUTS, &self.scores.remark(reason)));
        }
        let curve = curve(&classes);
        let positives = classes.positives().total();
        // K. Boyd, K. Eng & C. D. Page, "Area under the Precision-Recall Curve: Point
        // Estimates and Confidence Intervals", ECML 2013: the binomial interval.
        let area = curve.average_precision;
        let error = (!classes.is_weighted()).then(|| (area * (1.0 - area) / positives).sqrt());
        let note = self.scores.remark(&self.scores.bins().map_or_else(String::new, |_| bound(&curve)));
        let threshold = self.scores.bins().map_or(curve.best_threshold, |bins| bins.middle(curve.best_threshold));
        let chart = Chart::line("Precision-recall curve", "recall", "precision");
        let base = positives / (positives + classes.negatives().total());
        Ok(Report::new()
            .value(Value::new("average_precision", area).standard_error(error).note(note))
            .value(Value::new("best_f1", curve.best_f1))
            .value(threshold_value(threshold))
            .chart(chart.series("model", curve.points).series("chance", [(0.0, base), (1.0, base)])))
    }
}

fn threshold_value(threshold: f64) -> Value {
    let name = "best_f1_threshold";
    match threshold.is_finite() {
        true => Value::new(name, threshold),
        false => Value::undefined(name, &format!("it is {threshold}")),
    }
}

fn bound(curve: &Curve) -> String {
    format!("counted in bins; the exact value differs by at most {:.1e}", curve.tied)
}
