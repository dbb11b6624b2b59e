//! The metric: what it takes, keeps and reports.

use driftline_numerics::{FiniteColumn, sides};
use driftline_sdk::prelude::*;

use crate::{
    comparison::Comparison,
    outputs::{ENERGY, TESTS, description},
    parameters::{Parameters, Test},
};

/// The cells of a column, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TwoSample {
    column: FiniteColumn,
}

impl Metric for TwoSample {
    type Parameters = Parameters;

    fn describe() -> Description {
        description()
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { column: FiniteColumn::new(run.parameters.sketch) })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.column.update(rows, "value")
    }

    fn settle(&mut self) {
        self.column.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.column.merge(other.column)
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference =
            &reference.ok_or_else(|| Error::parameters("`two-sample` compares with a reference: choose one"))?.column;
        let wanted = TESTS.iter().filter(|(test, ..)| run.parameters.wants(*test));
        let energy = run.parameters.wants(Test::EnergyDistance);
        if let Some(reason) = sides::reason(self.column.present(), reference.present(), "values") {
            let outputs = wanted.flat_map(|(_, name, _)| [format!("{name}_statistic"), format!("{name}_p_value")]);
            let outputs: Vec<String> = outputs.chain(energy.then(|| ENERGY.to_owned())).collect();
            return Ok(Report::undefined(&outputs.iter().map(String::as_str).collect::<Vec<_>>(), &reason));
        }
        let comparison = Comparison::of(&self.column, reference, run.inputs.kind("value")?);
        let mut report = Report::new();
        for (test, name, _) in wanted {
            report.values.extend(comparison.values(*test, name));
        }
        report.values.extend(energy.then(|| comparison.energy_distance(ENERGY)));
        Ok(report)
    }
}
