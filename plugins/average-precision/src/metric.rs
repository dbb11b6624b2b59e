//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Scores, score_parameters::Parameters, scores::missing_class};
use driftline_sdk::prelude::*;

use crate::curve::{Curve, curve};

const OUTPUTS: [&str; 3] = ["average_precision", "best_f1", "best_f1_threshold"];

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
        .input(Input::label())
        .input(Input::weight())
        .output(Output::share(
            "average_precision",
            "The step sum of precision over recall; its standard error is the binomial one over the positives.",
        ))
        .output(Output::share("best_f1", "The largest F1 of any threshold."))
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
