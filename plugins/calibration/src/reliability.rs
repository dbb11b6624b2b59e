//! Rows by predicted probability, in equal bins.
//!
//! M. P. Naeini, G. F. Cooper & M. Hauskrecht, "Obtaining Well Calibrated
//! Probabilities Using Bayesian Binning", AAAI 2015: the expected and the
//! maximum calibration error. A bin is closed on the right, the first on both
//! sides, as scikit-learn's.

use driftline_numerics::{Sum, bins::equal_edges};
use serde::{Deserialize, Serialize};

/// Weights, scores and positives of each bin.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Reliability {
    bins: Vec<Bin>,
    #[serde(skip)]
    edges: Vec<f64>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Bin {
    weight: Sum,
    score: Sum,
    positive: Sum,
}

/// A bin that has rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) weight: f64,
    pub(crate) score: f64,
    pub(crate) positive: f64,
}

impl Reliability {
    pub(crate) fn new(bins: usize) -> Self {
        Self { bins: vec![Bin::default(); bins], edges: equal_edges(0.0, 1.0, bins) }
    }

    /// Adds scores in 0 to 1, each with whether the row is positive.
    pub(crate) fn extend(&mut self, rows: &[(f64, bool)], weights: Option<&[f64]>) {
        for (row, (score, positive)) in rows.iter().enumerate() {
            self.add(*score, f64::from(u8::from(*positive)), weights.map_or(1.0, |weights| weights[row]));
        }
    }

    fn add(&mut self, score: f64, positive: f64, weight: f64) {
        let count = self.bins.len();
        // The bin by multiplication, put right where rounding is in the way.
        let mut place = ((score * count as f64) as usize).min(count - 1);
        if self.edges.get(place).is_some_and(|edge| score <= *edge) && place > 0 {
            place -= 1;
        } else if place + 1 < count && self.edges.get(place + 1).is_some_and(|edge| score > *edge) {
            place += 1;
        }
        if let Some(bin) = self.bins.get_mut(place) {
            bin.weight.add(weight);
            bin.score.add(weight * score);
            bin.positive.add(weight * positive);
        }
    }

    /// Adds the rows of the same bins; `false` when there are other bins.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        for (ours, theirs) in self.bins.iter_mut().zip(&other.bins) {
            ours.weight.merge(theirs.weight);
            ours.score.merge(theirs.score);
            ours.positive.merge(theirs.positive);
        }
        self.bins.len() == other.bins.len()
    }

    /// The means of each bin that has rows, in ascending order.
    pub(crate) fn points(&self) -> Vec<Point> {
        let filled = self.bins.iter().filter(|bin| bin.weight.value() > 0.0);
        let point = |bin: &Bin| {
            let weight = bin.weight.value();
            Point { weight, score: bin.score.value() / weight, positive: bin.positive.value() / weight }
        };
        filled.map(point).collect()
    }
}
