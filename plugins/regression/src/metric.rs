//! The metric: what it takes, keeps and reports.

use std::borrow::Cow;

use driftline_numerics::Moments;
use driftline_sdk::{prelude::*, weights};

use crate::{
    errors::Errors,
    parameters::{Parameters, ZeroTargets},
    sums::Sums,
};

const OUTPUTS: [&str; 14] = [
    "mean_error",
    "mae",
    "mse",
    "rmse",
    "mape",
    "smape",
    "wape",
    "r2",
    "explained_variance",
    "median_absolute_error",
    "max_error",
    "msle",
    "rmsle",
    "pinball",
];

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
        let loss = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, None).doc(doc);
        let skill = |name: &str, doc: &str| Output::new(name).higher_is_better().range(None, 1.0).doc(doc);
        Description::new(
            "regression",
            "1.0.0",
            "Errors of numeric predictions against their targets: means with standard errors, relative and logarithmic \
             losses, explained variance, and the quantiles of the error as a chart.",
        )
        .input(Input::number("prediction").doc("What the model said."))
        .input(Input::number("target").doc("What came true."))
        .input(Input::number("weight").optional().doc("How much a row counts; finite and not negative."))
        .output(Output::new("mean_error").doc("The mean of prediction minus target."))
        .output(loss("mae", "The mean size of an error."))
        .output(loss("mse", "The mean of squared errors."))
        .output(loss("rmse", "The root of the mean of squared errors."))
        .output(loss("mape", "The mean size of an error relative to its target, as a share."))
        .output(loss("smape", "The mean of 2 |p - t| / (|p| + |t|), from 0 to 2; 0 where both are 0.").range(0.0, 2.0))
        .output(loss("wape", "The sum of the sizes of errors relative to that of targets."))
        .output(skill(
            "r2",
            "The share of the targets' variance that the predictions explain; undefined for constant ones.",
        ))
        .output(skill("explained_variance", "The same after taking off the mean error."))
        .output(loss("median_absolute_error", "The median size of an error."))
        .output(loss("max_error", "The largest size of an error."))
        .output(loss("msle", "The mean of squared differences of ln(1 + x)."))
        .output(loss("rmsle", "Its root."))
        .output(loss("pinball", "The quantile loss at the parameter `quantile`."))
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { errors: Errors::new(run.parameters.sketch), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let (mut predictions, mut targets) = (rows.numbers("prediction")?, rows.numbers("target")?);
        let mut weights = weights(rows, "weight")?;
        self.weighted |= weights.is_some();
        if weights.is_some() && run.parameters.sketch.is_some() {
            return Err(Error::parameters("`sketch` counts rows: leave it out, or leave `weight` unbound"));
        }
        let finite = |row: &usize| (predictions[*row] - targets[*row]).is_finite();
        let kept: Vec<usize> = (0..predictions.len()).filter(finite).collect();
        if kept.len() < predictions.len() {
            self.not_finite += (predictions.len() - kept.len()) as u64;
            let pick = |cells: &[f64]| Cow::Owned(kept.iter().map(|row| cells[*row]).collect::<Vec<_>>());
            (predictions, targets) = (pick(&predictions), pick(&targets));
            weights = weights.map(|weights| pick(&weights));
        }
        self.sums.extend(&predictions, &targets, weights.as_deref(), run.parameters);
        let errors = predictions.iter().zip(&*targets).map(|(p, t)| p - t).collect();
        self.errors.extend(errors, weights.as_deref());
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
        let sums = &self.sums;
        if sums.error.weight() == 0.0 {
            let reason = left_out.as_deref().unwrap_or("no rows with prediction and target in the window");
            return Ok(Report::undefined(&OUTPUTS, reason));
        }
        Ok(Report::new()
            .value(self.mean("mean_error", &sums.error).note(left_out))
            .value(self.mean("mae", &sums.absolute))
            .value(self.mean("mse", &sums.square))
            .value(self.root("rmse", &sums.square))
            .value(self.mape(run.parameters.zero_targets))
            .value(self.mean("smape", &sums.symmetric))
            .value(ratio("wape", sums.absolute.sum(), sums.target_size.sum(), "all targets are zero"))
            .value(self.skill("r2", sums.square.sum()))
            .value(self.skill("explained_variance", sums.error.squares()))
            .value(self.errors.median_size())
            .value(Value::new("max_error", sums.largest))
            .value(self.logarithmic("msle"))
            .value(self.logarithmic("rmsle"))
            .value(self.mean("pinball", &sums.pinball))
            .chart(self.errors.chart()))
    }
}

impl Regression {
    fn mean(&self, name: &str, losses: &Moments) -> Value {
        Value::new(name, losses.mean()).standard_error(losses.standard_error().filter(|_| !self.weighted))
    }

    /// The root of a mean; its error by the delta method.
    fn root(&self, name: &str, losses: &Moments) -> Value {
        let root = losses.mean().sqrt();
        let error = losses.standard_error().filter(|_| !self.weighted && root > 0.0);
        Value::new(name, root).standard_error(error.map(|error| error / (2.0 * root)))
    }

    fn mape(&self, zeros: ZeroTargets) -> Value {
        let (relative, zero) = (&self.sums.relative, self.sums.zero_targets);
        let note = format!("{zero} targets are zero");
        match zeros {
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
