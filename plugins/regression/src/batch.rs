//! Rows of finite numbers.

use std::borrow::Cow;

use driftline_numerics::Moments;
use driftline_sdk::{prelude::*, weights};

/// Predictions and targets, row by row.
pub(crate) struct Batch<'a> {
    pub(crate) predictions: Cow<'a, [f64]>,
    pub(crate) targets: Cow<'a, [f64]>,
    pub(crate) weights: Option<Cow<'a, [f64]>>,
    /// Predictions minus targets.
    pub(crate) errors: Vec<f64>,
}

impl<'a> Batch<'a> {
    /// Reads the rows whose error is a finite number.
    pub(crate) fn read(rows: &Rows<'a>) -> Result<Self> {
        let (predictions, targets) = (rows.numbers("prediction")?, rows.numbers("target")?);
        let weights = weights(rows, "weight")?;
        let errors: Vec<f64> = predictions.iter().zip(&*targets).map(|(p, t)| p - t).collect();
        let batch = Self { predictions, targets, weights, errors };
        let not_finite = batch.errors.iter().filter(|error| !error.is_finite()).count();
        Ok(if not_finite == 0 { batch } else { batch.finite() })
    }

    fn finite(self) -> Self {
        let pick = |cells: &[f64]| -> Vec<f64> {
            let rows = cells.iter().zip(&self.errors);
            rows.filter(|(_, error)| error.is_finite()).map(|(cell, _)| *cell).collect()
        };
        Self {
            predictions: pick(&self.predictions).into(),
            targets: pick(&self.targets).into(),
            weights: self.weights.as_deref().map(|weights| pick(weights).into()),
            errors: pick(&self.errors),
        }
    }

    /// What each row loses by its prediction and target.
    pub(crate) fn losses(&self, loss: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        self.predictions.iter().zip(&*self.targets).map(|(p, t)| loss(*p, *t)).collect()
    }

    /// Adds one number for each row.
    pub(crate) fn add(&self, moments: &mut Moments, numbers: &[f64]) {
        match &self.weights {
            Some(weights) => moments.extend_weighted(numbers, weights),
            None => moments.extend(numbers),
        }
    }
}
