//! From sums to values with their standard errors.

use driftline_numerics::Moments;
use driftline_sdk::prelude::*;

use crate::{parameters::ZeroTargets, sums::Sums};

/// The losses of rows, of which there are some.
pub(crate) struct Losses<'a> {
    pub(crate) sums: &'a Sums,
    /// Rows with weights have no standard errors.
    pub(crate) weighted: bool,
    pub(crate) zero_targets: ZeroTargets,
}

impl Losses<'_> {
    /// All values; `remark` goes to the first.
    pub(crate) fn report(&self, remark: Option<String>, median_size: Value) -> Report {
        let sums = self.sums;
        Report::new()
            .value(self.mean("mean_error", &sums.error).note(remark))
            .value(self.mean("mae", &sums.absolute))
            .value(self.mean("mse", &sums.square))
            .value(self.root("rmse", &sums.square))
            .value(self.mape())
            .value(self.mean("smape", &sums.symmetric))
            .value(ratio("wape", sums.absolute.sum(), sums.target_size.value(), "all targets are zero"))
            .value(self.skill("r2", sums.square.sum()))
            .value(self.skill("explained_variance", sums.error.squares()))
            .value(median_size)
            .value(Value::new("max_error", sums.largest))
            .value(self.logarithmic("msle"))
            .value(self.logarithmic("rmsle"))
            .value(self.mean("pinball", &sums.pinball))
    }

    fn mean(&self, name: &str, losses: &Moments) -> Value {
        Value::new(name, losses.mean()).standard_error(losses.standard_error().filter(|_| !self.weighted))
    }

    /// The root of a mean; its error by the delta method.
    fn root(&self, name: &str, losses: &Moments) -> Value {
        let root = losses.mean().sqrt();
        let error = losses.standard_error().filter(|_| !self.weighted && root > 0.0);
        Value::new(name, root).standard_error(error.map(|error| error / (2.0 * root)))
    }

    fn mape(&self) -> Value {
        let (relative, zero) = (&self.sums.relative, self.sums.zero_targets);
        let note = format!("{zero} targets are zero");
        match self.zero_targets {
            ZeroTargets::Undefined if zero > 0 => Value::undefined("mape", &note),
            ZeroTargets::Skip if relative.weight() == 0.0 => Value::undefined("mape", "all targets are zero"),
            ZeroTargets::Skip if zero > 0 => self.mean("mape", relative).note(format!("{note} and left out")),
            _ => self.mean("mape", relative),
        }
    }

    fn skill(&self, name: &str, left: f64) -> Value {
        let spread = self.sums.target.squares();
        match spread == 0.0 {
            true => Value::undefined(name, "the targets do not vary"),
            false => Value::new(name, 1.0 - left / spread),
        }
    }

    fn logarithmic(&self, name: &str) -> Value {
        match self.sums.too_low {
            0 if name == "msle" => self.mean(name, &self.sums.logarithmic),
            0 => self.root(name, &self.sums.logarithmic),
            rows => Value::undefined(name, &format!("{rows} rows have a prediction or target of -1 or less")),
        }
    }
}

fn ratio(name: &str, above: f64, below: f64, reason: &str) -> Value {
    if below == 0.0 { Value::undefined(name, reason) } else { Value::new(name, above / below) }
}
