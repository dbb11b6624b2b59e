//! Counts of both classes in equal bins of the score: the bounded summary.

use driftline_numerics::{
    Multiset, key,
    roc::{Roc, roc},
};
use driftline_sdk::bulk;
use serde::{Deserialize, Serialize};

/// Weights of both classes in equal bins over a range; what lies outside counts in the end bins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Bins {
    range: (f64, f64),
    #[serde(with = "bulk")]
    positives: Vec<f64>,
    #[serde(with = "bulk")]
    negatives: Vec<f64>,
    weighted: bool,
}

impl Bins {
    pub(crate) fn new(bins: usize, range: (f64, f64)) -> Self {
        Self { range, positives: vec![0.0; bins], negatives: vec![0.0; bins], weighted: false }
    }

    /// Adds rows; `labels` is 1 for positives, and `weights` may be left out.
    pub(crate) fn extend(&mut self, scores: &[f64], labels: &[u8], weights: Option<&[f64]>) {
        self.weighted |= weights.is_some();
        let (low, high) = self.range;
        let last = self.positives.len() - 1;
        let scale = self.positives.len() as f64 / (high - low);
        for (row, (score, label)) in scores.iter().zip(labels).enumerate() {
            // The conversion saturates, so infinities are at the ends too.
            let bin = (((score - low) * scale) as usize).min(last);
            let side = if *label == 1 { &mut self.positives } else { &mut self.negatives };
            side[bin] += weights.map_or(1.0, |weights| weights[row]);
        }
    }

    /// Adds another summary; `false` when it has other bins.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        add(&mut self.positives, &other.positives);
        add(&mut self.negatives, &other.negatives);
        self.weighted |= other.weighted;
        self.range == other.range && self.positives.len() == other.positives.len()
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.positives.len() == self.negatives.len()
    }

    pub(crate) fn has_positives(&self) -> bool {
        self.positives.iter().any(|weight| *weight > 0.0)
    }

    pub(crate) fn has_negatives(&self) -> bool {
        self.negatives.iter().any(|weight| *weight > 0.0)
    }

    /// The curve as if all scores of a bin were equal. The exact area differs
    /// by at most half of [`Roc::tied`]: that is what the order within bins can move.
    pub(crate) fn roc(&self) -> Roc {
        let side = |weights: &[f64]| {
            let mut set = Multiset::default();
            let filled = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
            set.extend_pairs(filled.map(|(bin, weight)| (key::key(bin as f64), *weight)));
            set.settle();
            set
        };
        roc(&side(&self.positives), &side(&self.negatives), !self.weighted)
    }
}
