//! Means of losses: all of the summary that does not grow.
//!
//! Each loss is a mean of a function of a row, as in scikit-learn's user
//! guide, 3.4.6; SMAPE is S. Makridakis, International Journal of Forecasting 9
//! (1993), as a share from 0 to 2.

use driftline_numerics::Moments;
use serde::{Deserialize, Serialize};

use crate::parameters::{Parameters, ZeroTargets};

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
    pub(crate) target_size: Moments,
    pub(crate) largest: f64,
    pub(crate) zero_targets: u64,
    /// Rows with a prediction or target of -1 or less, which have no logarithmic error.
    pub(crate) too_low: u64,
}

impl Sums {
    /// Adds rows of finite numbers.
    pub(crate) fn extend(&mut self, predictions: &[f64], targets: &[f64], weights: Option<&[f64]>, by: &Parameters) {
        let losses = |loss: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            predictions.iter().zip(targets).map(|(p, t)| loss(*p, *t)).collect()
        };
        let errors = losses(&|p, t| p - t);
        add(&mut self.error, &errors, weights);
        add(&mut self.absolute, &losses(&|p, t| (p - t).abs()), weights);
        add(&mut self.square, &losses(&|p, t| (p - t) * (p - t)), weights);
        add(&mut self.symmetric, &losses(&symmetric), weights);
        add(&mut self.pinball, &losses(&|p, t| pinball(p, t, by.quantile)), weights);
        add(&mut self.target, targets, weights);
        add(&mut self.target_size, &losses(&|_, t| t.abs()), weights);
        self.largest = errors.iter().fold(self.largest, |largest, error| largest.max(error.abs()));
        let too_low = predictions.iter().zip(targets).filter(|(p, t)| p.min(**t) <= -1.0).count();
        self.too_low += too_low as u64;
        if too_low == 0 {
            add(&mut self.logarithmic, &losses(&|p, t| (p.ln_1p() - t.ln_1p()).powi(2)), weights);
        }
        self.add_relative(&errors, targets, weights, by.zero_targets);
    }

    fn add_relative(&mut self, errors: &[f64], targets: &[f64], weights: Option<&[f64]>, zeros: ZeroTargets) {
        let relative = |row: usize| errors[row].abs() / targets[row].abs().max(f64::EPSILON);
        let zero = targets.iter().filter(|target| **target == 0.0).count();
        self.zero_targets += zero as u64;
        let all = zero == 0 || zeros == ZeroTargets::Epsilon;
        let rows: Vec<usize> = (0..errors.len()).filter(|row| all || targets[*row] != 0.0).collect();
        let losses: Vec<f64> = match zeros {
            ZeroTargets::Epsilon => rows.iter().map(|row| relative(*row)).collect(),
            _ => rows.iter().map(|row| errors[*row].abs() / targets[*row].abs()).collect(),
        };
        let weights: Option<Vec<f64>> = weights.map(|weights| rows.iter().map(|row| weights[*row]).collect());
        add(&mut self.relative, &losses, weights.as_deref());
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
            (&mut self.target_size, other.target_size),
        ];
        pairs.into_iter().for_each(|(ours, theirs)| ours.merge(theirs));
        self.largest = self.largest.max(other.largest);
        self.zero_targets += other.zero_targets;
        self.too_low += other.too_low;
    }
}

fn add(moments: &mut Moments, losses: &[f64], weights: Option<&[f64]>) {
    match weights {
        Some(weights) => moments.extend_weighted(losses, weights),
        None => moments.extend(losses),
    }
}

fn symmetric(prediction: f64, target: f64) -> f64 {
    let size = prediction.abs() + target.abs();
    if size == 0.0 { 0.0 } else { 2.0 * (prediction - target).abs() / size }
}

/// R. Koenker & G. Bassett, "Regression Quantiles", Econometrica 46 (1978).
fn pinball(prediction: f64, target: f64, quantile: f64) -> f64 {
    let short = target - prediction;
    if short >= 0.0 { quantile * short } else { (quantile - 1.0) * short }
}
