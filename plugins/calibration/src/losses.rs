//! What probabilities cost where they are wrong.
//!
//! The squared loss: G. W. Brier, "Verification of Forecasts Expressed in Terms
//! of Probability", Monthly Weather Review 78 (1950). The logarithmic one: I. J.
//! Good, "Rational Decisions", Journal of the Royal Statistical Society B 14 (1952).

use driftline_numerics::Moments;
use serde::{Deserialize, Serialize};

/// Both losses of all rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Losses {
    pub(crate) squared: Moments,
    pub(crate) logarithmic: Moments,
}

impl Losses {
    /// Adds scores, each with whether the row is positive.
    pub(crate) fn extend(&mut self, rows: &[(f64, bool)], weights: Option<&[f64]>) {
        let squared: Vec<f64> = rows.iter().map(|(score, positive)| (truth(*positive) - score).powi(2)).collect();
        let logarithmic: Vec<f64> = rows.iter().map(|(score, positive)| logarithmic(*score, *positive)).collect();
        for (moments, losses) in [(&mut self.squared, squared), (&mut self.logarithmic, logarithmic)] {
            match weights {
                Some(weights) => moments.extend_weighted(&losses, weights),
                None => moments.extend(&losses),
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.squared.merge(other.squared);
        self.logarithmic.merge(other.logarithmic);
    }
}

fn truth(positive: bool) -> f64 {
    f64::from(u8::from(positive))
}

/// As scikit-learn keeps probabilities away from 0 and 1.
fn logarithmic(score: f64, positive: bool) -> f64 {
    let came_true = if positive { score } else { 1.0 - score };
    -came_true.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}
