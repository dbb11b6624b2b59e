//! The metric: what it takes, keeps and reports.

use driftline_sdk::prelude::*;

use crate::{
    batch::Batch,
    errors::Errors,
    losses::Losses,
    outputs::{OUTPUTS, description},
    parameters::Parameters,
    sums::Sums,
};

/// Losses, and the errors in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Regression {
    sums: Sums,
    errors: Errors,
    weighted: bool,
    /// Rows left out because a number is not finite.
    not_finite: u64,
}

impl Metric for Regression {
    type Parameters = Parameters;

    fn describe() -> Description {
        description()
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { errors: Errors::new(run.parameters.sketch), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let batch = Batch::read(rows)?;
        self.weighted |= batch.weights.is_some();
        if batch.weights.is_some() && run.parameters.sketch.is_some() {
            return Err(Error::parameters("`sketch` counts rows: leave it out, or leave `weight` unbound"));
        }
        self.not_finite += (rows.len() - batch.errors.len()) as u64;
        self.sums.extend(&batch, run.parameters);
        self.errors.extend(batch.errors, batch.weights.as_deref());
        Ok(())
    }

    fn settle(&mut self) {
        self.errors.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.errors.merge(other.errors)?;
        self.sums.merge(other.sums);
        self.weighted |= other.weighted;
        self.not_finite += other.not_finite;
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let left_out = match self.not_finite {
            0 => None,
            rows => Some(format!("{rows} rows with a prediction or target that is not finite left out")),
        };
        if self.sums.error.weight() == 0.0 {
            let reason = left_out.as_deref().unwrap_or("no rows with prediction and target in the window");
            return Ok(Report::undefined(&OUTPUTS, reason));
        }
        let losses = Losses { sums: &self.sums, weighted: self.weighted, zero_targets: run.parameters.zero_targets };
        Ok(losses.report(left_out, self.errors.median_size()).chart(self.errors.chart()))
    }
}
