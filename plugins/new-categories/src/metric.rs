//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Column, binning::count_values};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 3] = ["count", "share", "distinct"];
/// More distinct labels than this are identifiers, not categories.
const MOST_LABELS: usize = 100_000;

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
    column: Column,
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
        self.column.update(rows, "value")?;
        self.check()
    }

    fn settle(&mut self) {
        self.column.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !other.column.is_sound() {
            return Err(Error::data("the saved state was not made by this plugin"));
        }
        self.column.merge(other.column);
        self.check()
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference =
            reference.ok_or_else(|| Error::parameters("`new-categories` compares with a reference: choose one"))?;
        let rows = self.column.present();
        let undefined = match (rows == 0.0, reference.column.present() == 0.0) {
            (_, true) => Some("no values in the reference"),
            (true, _) => Some("no values in the window"),
            _ => None,
        };
        if let Some(reason) = undefined {
            return Ok(Report::undefined(&OUTPUTS, reason));
        }
        let counts = count_values(&self.column, &reference.column, run.inputs.kind("value")?);
        let sides = counts.names.iter().zip(counts.current.iter().zip(&counts.reference));
        let mut new: Vec<(&String, f64)> = sides
            .filter(|(_, (ours, theirs))| **theirs == 0.0 && **ours > 0.0)
            .map(|(name, (ours, _))| (name, *ours))
            .collect();
        new.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let count: f64 = new.iter().map(|(_, rows)| rows).sum();
        let share = count / rows;
        let report = Report::new()
            .value(Value::new("count", count))
            .value(Value::new("share", share).standard_error((share * (1.0 - share) / rows).sqrt()))
            .value(Value::new("distinct", new.len() as f64));
        let top = &new[..new.len().min(run.parameters.top as usize)];
        if top.is_empty() { Ok(report) } else { Ok(report.chart(chart(top))) }
    }
}

impl NewCategories {
    fn check(&self) -> Result<()> {
        match self.column.labels.len() > MOST_LABELS {
            true => {
                Err(Error::data(format!("`value` has more than {MOST_LABELS} distinct values: is it an identifier?")))
            }
            false => Ok(()),
        }
    }
}

fn chart(top: &[(&String, f64)]) -> Chart {
    let names = top.iter().map(|(name, _)| (*name).clone()).collect();
    Chart::bars("New values", "value", "rows", names).heights("rows", top.iter().map(|(_, rows)| *rows))
}
