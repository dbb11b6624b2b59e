//! The metric: what it takes, keeps and reports.

use driftline_numerics::{EqualBins, score_parameters::unit_range};
use driftline_sdk::prelude::*;

use crate::classes::Classes;

const OUTPUTS: [&str; 3] = ["roc_auc", "weighted_roc_auc", "one_vs_one_roc_auc"];

/// What a user may choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The labels of the columns bound to `scores`, in their order. Without it the columns are taken in the order of the
    /// labels, as scikit-learn does.
    #[serde(default)]
    classes: Option<Vec<String>>,
    /// Bounds the memory: scores are counted in this many equal bins, 8 bytes each for every column and class, and areas
    /// are exact up to the error that their notes state. Without it they are exact.
    #[serde(default)]
    #[schemars(range(min = 2, max = 100_000))]
    bins: Option<u32>,
    /// The smallest and largest score when `bins` is given; scores outside count in the end bins.
    #[serde(default = "unit_range")]
    range: (f64, f64),
}

/// Scores by class, exact or in bins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MulticlassRocAuc {
    classes: Classes,
}

impl Metric for MulticlassRocAuc {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "multiclass-roc-auc",
            "1.1.0",
            "Area under the ROC curve of a classifier with a score for each class: each class against the rest, with \
             DeLong's standard error, and every class against every other. Exact, for which the state grows by 8 bytes a \
             score; with `bins` it is bounded.",
        )
        .input(Input::number("scores").repeated().doc("The score of each class, a column each; higher speaks for it."))
        .input(Input::new("label", &[Kind::Category, Kind::Number]).doc("The class that came true."))
        .input(Input::weight())
        .with_outputs([
            Output::share(OUTPUTS[0], "The mean area of one class against the rest (macro); 0.5 is chance."),
            Output::share(OUTPUTS[1], "The same, classes weighed by their rows."),
            Output::share(OUTPUTS[2], "The mean area over all pairs of classes, which is not moved by how common they are."),
            Output::share("roc_auc/*", "The area of a class against the rest."),
        ])
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        let bins = run.parameters.bins.map(|bins| EqualBins::new(bins, run.parameters.range)).transpose()?;
        Ok(Self { classes: Classes::new(bins) })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.classes.update(rows)
    }

    fn settle(&mut self) {
        self.classes.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.classes.merge(other.classes)
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let columns = run.inputs.columns("scores")?.len();
        let report = self.classes.report(run.parameters.classes.as_deref(), columns);
        Ok(report.unwrap_or_else(|reason| Report::undefined(&OUTPUTS, &reason)))
    }
}
