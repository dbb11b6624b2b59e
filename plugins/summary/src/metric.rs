//! The metric: what it takes, keeps and reports.

use driftline_sdk::prelude::*;

use crate::{
    labels::Labels,
    numbers::Numbers,
    outputs::{counts, frequent, moments, no_numbers, outputs, quantiles},
    parameters::Parameters,
};

/// What is known of a column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Summary {
    missing: u64,
    numbers: Numbers,
    labels: Labels,
}

impl Metric for Summary {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "summary",
            "1.0.0",
            "What is in a column: how many cells, their mean, spread, ends, quantiles, distinct and most frequent values, \
             and a histogram. Takes numbers or categories, in bounded memory whatever the rows.",
        )
        .input(Input::new("value", &[Kind::Number, Kind::Category]).nullable().doc("The column, numbers or categories."))
        .with_outputs(outputs())
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { numbers: Numbers::new(run.parameters.sketch as usize), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.missing += match rows.kind("value")? {
            Kind::Category => {
                let cells = rows.categories("value")?;
                let (counts, missing) = cells.counts();
                self.labels.extend(counts);
                missing
            }
            Kind::Number | Kind::Timestamp => self.numbers.extend(&rows.numbers("value")?),
        };
        Ok(())
    }

    fn settle(&mut self) {
        self.numbers.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        let numbers = &other.numbers;
        let is_sound = numbers.frequent.is_sound() && other.labels.frequent.is_sound();
        if !is_sound || !numbers.sketch.is_sound(self.numbers.sketch.size()) {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.missing += other.missing;
        self.numbers.merge(other.numbers);
        self.labels.merge(other.labels);
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let top = run.parameters.top as usize;
        if run.inputs.kind("value")? == Kind::Category {
            let labels = &self.labels;
            let values = counts(labels.count, self.missing, &labels.distinct);
            let nothing = no_numbers("`value` holds categories, not numbers");
            let report = Report { values: values.into_iter().chain(nothing).collect(), charts: Vec::new() };
            return Ok(frequent(report, labels.top(top), labels.frequent.error()));
        }
        let numbers = &self.numbers;
        let mut report =
            Report { values: counts(numbers.count(), self.missing, &numbers.distinct).into(), charts: Vec::new() };
        if numbers.count() == 0 {
            report.values.extend(no_numbers("no values in the window"));
            return Ok(report);
        }
        report.values.extend(moments(numbers));
        report.values.extend(quantiles(&numbers.sketch));
        report.charts.extend(numbers.histogram());
        Ok(frequent(report, numbers.top(top), numbers.frequent.error()))
    }
}
