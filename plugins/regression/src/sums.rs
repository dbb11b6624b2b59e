//! Means of losses: all of the summary that does not grow.
//!
//! Each loss is a mean of a function of a row, as in scikit-learn's user
//! guide, 3.4.6; SMAPE is S. Makridakis, International Journal of Forecasting 9
//! (1993), as a share from 0 to 2.

use driftline_numerics::{Moments, Sum, log_ratios};
use serde::{Deserialize, Serialize};

use crate::{
    batch::Batch,
    parameters::{Parameters, ZeroTargets},
};

/// Moments of losses and targets.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) error: Moments,
    pub(crate) absolute: Moments,
    pub(crate) square: Moments,
    pub(crate) relative: Moments,
    pub(crate) symmetric: Moments,
    pub(crate) logarithmic: Moments,
    pub(crate) pinball: Moments,
    pub(crate) target: Moments,
    pub(crate) target_size: Sum,
    pub(crate) largest: f64,
    pub(crate) zero_targets: u64,
    /// Rows with a prediction or target of -1 or less, which have no logarithmic error.
    pub(crate) too_low: u64,
}

impl Sums {
    /// Adds rows of finite numbers.
    pub(crate) fn extend(&mut self, batch: &Batch, by: &Parameters) {
        let sizes: Vec<f64> = batch.errors.iter().map(|error| error.abs()).collect();
        self.largest = sizes.iter().fold(self.largest, |largest, size| if *size > largest { *size } else { largest });
        batch.add(&mut self.error, &batch.errors);
        batch.add(&mut self.absolute, &sizes);
        batch.add(&mut self.square, &batch.losses(|p, t| (p - t) * (p - t)));
        batch.add(&mut self.symmetric, &batch.losses(symmetric));
        batch.add(&mut self.pinball, &batch.losses(|p, t| pinball(p, t, by.quantile)));
        batch.add(&mut self.target, &batch.targets);
        let target_sizes: Vec<f64> = match &batch.weights {
            Some(weights) => {
                batch.targets.iter().zip(&**weights).map(|(target, weight)| target.abs() * weight).collect()
            }
            None => batch.targets.iter().map(|target| target.abs()).collect(),
        };
        self.target_size.extend(&target_sizes);
        let rows = batch.predictions.iter().zip(&*batch.targets);
        let too_low = rows.filter(|(p, t)| **p <= -1.0 || **t <= -1.0).count();
        self.too_low += too_low as u64;
        if too_low == 0 {
            let squares: Vec<f64> =
                log_ratios(&batch.predictions, &batch.targets).into_iter().map(|error| error * error).collect();
            batch.add(&mut self.logarithmic, &squares);
        }
        self.add_relative(batch, &sizes, by.zero_targets);
    }

    fn add_relative(&mut self, batch: &Batch, sizes: &[f64], zeros: ZeroTargets) {
        let zero = batch.targets.iter().filter(|target| **target == 0.0).count();
        self.zero_targets += zero as u64;
        let least = if zeros == ZeroTargets::Epsilon { f64::EPSILON } else { 0.0 };
        let mut losses: Vec<f64> =
            sizes.iter().zip(&*batch.targets).map(|(size, target)| size / target.abs().max(least)).collect();
        if zero == 0 || zeros == ZeroTargets::Epsilon {
            return batch.add(&mut self.relative, &losses);
        }
        let mut targets = batch.targets.iter();
        losses.retain(|_| targets.next().is_some_and(|target| *target != 0.0));
        match &batch.weights {
            Some(weights) => {
                let kept = weights.iter().zip(&*batch.targets).filter(|(_, target)| **target != 0.0);
                self.relative.extend_weighted(&losses, &kept.map(|(weight, _)| *weight).collect::<Vec<_>>());
            }
            None => self.relative.extend(&losses),
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let pairs = [
            (&mut self.error, other.error),
            (&mut self.absolute, other.absolute),
            (&mut self.square, other.square),
            (&mut self.relative, other.relative),
            (&mut self.symmetric, other.symmetric),
            (&mut self.logarithmic, other.logarithmic),
            (&mut self.pinball, other.pinball),
            (&mut self.target, other.target),
        ];
        pairs.into_iter().for_each(|(ours, theirs)| ours.merge(theirs));
        self.target_size.merge(other.target_size);
        self.largest = self.largest.max(other.largest);
        self.zero_targets += other.zero_targets;
        self.too_low += other.too_low;
    }
}

fn symmetric(prediction: f64, target: f64) -> f64 {
    let size = prediction.abs() + target.abs();
    if size == 0.0 { 0.0 } else { 2.0 * (prediction - target).abs() / size }
}

/// R. Koenker & G. Bassett, "Regression Quantiles", Econometrica 46 (1978).
fn pinball(prediction: f64, target: f64, quantile: f64) -> f64 {
    let short = target - prediction;
    short * if short >= 0.0 { quantile } else { quantile - 1.0 }
}
