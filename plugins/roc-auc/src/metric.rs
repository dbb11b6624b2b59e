//! The metric: what it takes, keeps and reports.

use driftline_numerics::{
    Scores,
    roc::{Roc, roc},
    score_parameters::Parameters,
    scores::missing_class,
};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 2] = ["roc_auc", "gini"];

/// Scores of positives and negatives, exact or in bins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RocAuc {
    scores: Scores,
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
        .input(Input::label())
        .input(Input::weight())
        .output(Output::share("roc_auc", "The area; 0.5 is chance."))
        .output(Output::new("gini").higher_is_better().range(-1.0, 1.0).doc("2 roc_auc - 1."))
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
        if let Some(reason) = missing_class(&classes) {
            return Ok(Report::undefined(&OUTPUTS, &self.scores.remark(reason)));
        }
        let roc = roc(classes.positives(), classes.negatives(), !classes.is_weighted());
        let note = self.scores.remark(&self.scores.bins().map_or_else(String::new, |_| bound(&roc)));
        let area = Value::new("roc_auc", roc.area).standard_error(roc.standard_error).note(note);
        let gini = Value::new("gini", 2.0 * roc.area - 1.0).standard_error(roc.standard_error.map(|error| 2.0 * error));
        let chart = Chart::line("ROC curve", "false positive rate", "true positive rate");
        let chart = chart.series("model", roc.curve).series("chance", [(0.0, 0.0), (1.0, 1.0)]);
        Ok(Report::new().value(area).value(gini).chart(chart))
    }
}

/// What the order of scores within bins can move.
fn bound(roc: &Roc) -> String {
    format!("counted in bins; the exact area differs by at most {:.1e}", roc.tied / 2.0)
}
