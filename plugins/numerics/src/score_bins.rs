//! Counts of both classes in equal bins of the score: the bounded summary.

use driftline_sdk::bulk;
use serde::{Deserialize, Serialize};

use crate::{Classes, key};

/// Weights of both classes in equal bins over a range; what lies outside counts in the end bins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ScoreBins {
    range: (f64, f64),
    #[serde(with = "bulk")]
    positives: Vec<f64>,
    #[serde(with = "bulk")]
    negatives: Vec<f64>,
    weighted: bool,
}

impl ScoreBins {
    /// No rows yet, in so many `bins` over `range`.
    pub fn new(bins: usize, range: (f64, f64)) -> Self {
        Self { range, positives: vec![0.0; bins], negatives: vec![0.0; bins], weighted: false }
    }

    /// Adds rows; `labels` is 1 for positives, and `weights` may be left out.
    pub fn extend(&mut self, scores: &[f64], labels: &[u8], weights: Option<&[f64]>) {
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
    pub fn merge(&mut self, other: &Self) -> bool {
        let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        add(&mut self.positives, &other.positives);
        add(&mut self.negatives, &other.negatives);
        self.weighted |= other.weighted;
        self.range == other.range && self.positives.len() == other.positives.len()
    }

    /// Whether a saved state is one.
    pub fn is_sound(&self) -> bool {
        self.positives.len() == self.negatives.len()
    }

    /// The rows as if all scores of a bin were equal.
    pub fn classes(&self) -> Classes {
        let mut classes = Classes::default();
        for (label, weights) in [(1, &self.positives), (0, &self.negatives)] {
            let filled = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
            classes.extend_pairs(label, filled.map(|(bin, weight)| (key::key(bin as f64), *weight)), self.weighted);
        }
        classes.settle();
        classes
    }

    /// The middle of a bin, for the bin's number as a score.
    pub fn middle(&self, bin: f64) -> f64 {
        let (low, high) = self.range;
        low + (bin + 0.5) * ((high - low) / self.positives.len() as f64)
    }
}
