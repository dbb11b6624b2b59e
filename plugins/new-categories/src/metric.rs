//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Values, binning::Counts};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 3] = ["count", "share", "distinct"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How many of the most frequent new values are drawn.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100))]
    top: u32,
}

fn ten() -> u32 {
    10
}

/// How often each value occurs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct NewCategories {
    values: Values,
}

impl Metric for NewCategories {
    type Parameters = Parameters;

    fn describe() -> Description {
        let worse = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, None).doc(doc);
        Description::new(
            "new-categories",
            "1.0.0",
            "Values of a column that the reference never had: in how many rows, in what share of them, and which most \
             often. The state grows with distinct values, at most 100,000.",
        )
        .input(
            Input::new("value", &[Kind::Category, Kind::Number])
                .doc("The column; of numbers each value is a category."),
        )
        .output(worse("count", "Rows with a value that the reference never had."))
        .output(worse("share", "Their share of the rows with a value.").range(0.0, 1.0).thresholds(0.0, 0.01))
        .output(worse("distinct", "How many such values there are."))
        .reference(ReferenceUse::Required)
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.values.update(rows)
    }

    fn settle(&mut self) {
        self.values.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.values.merge(other.values)
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference = reference.map(|reference| &reference.values);
        self.values.compare(reference, &run.inputs, &OUTPUTS, |counts| {
            report(&new(counts), self.values.present(), run.parameters.top as usize)
        })
    }
}

/// Values that the reference never had with their rows, the most frequent first.
fn new(counts: &Counts) -> Vec<(&String, f64)> {
    let sides = counts.names.iter().zip(counts.current.iter().zip(&counts.reference));
    let new = sides.filter(|(_, (ours, theirs))| **theirs == 0.0 && **ours > 0.0);
    let mut new: Vec<(&String, f64)> = new.map(|(name, (ours, _))| (name, *ours)).collect();
    new.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    new
}

fn report(new: &[(&String, f64)], rows: f64, top: usize) -> Report {
    let count: f64 = new.iter().map(|(_, rows)| rows).sum();
    let share = count / rows;
    let report = Report::new()
        .value(Value::new("count", count))
        .value(Value::new("share", share).standard_error((share * (1.0 - share) / rows).sqrt()))
        .value(Value::new("distinct", new.len() as f64));
    let top = &new[..new.len().min(top)];
    if top.is_empty() {
        return report;
    }
    let names = top.iter().map(|(name, _)| (*name).clone()).collect();
    let chart = Chart::bars("New values", "value", "rows", names);
    report.chart(chart.heights("rows", top.iter().map(|(_, rows)| *rows)))
}
