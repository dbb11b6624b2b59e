//! The scores of both classes: the exact summary.

use driftline_numerics::{
    Multiset, key,
    roc::{Roc, roc},
};
use serde::{Deserialize, Serialize};

/// Rows split at a time, so that the split stays in the processor's first cache.
const STRETCH: usize = 1024;

/// Scores, none of them NaN, by class.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Classes {
    positives: Multiset,
    negatives: Multiset,
    weighted: bool,
}

impl Classes {
    /// Adds rows of weight one; `labels` is 1 for positives.
    pub(crate) fn extend(&mut self, scores: &[f64], labels: &[u8]) {
        // By position instead of by branch: labels can't be predicted.
        let mut split = [[0_u64; STRETCH]; 2];
        for (scores, labels) in scores.chunks(STRETCH).zip(labels.chunks(STRETCH)) {
            let (mut zeros, mut ones) = (0, 0);
            for (score, label) in scores.iter().zip(labels) {
                let (key, one) = (key::key(*score), usize::from(*label));
                split[0][zeros % STRETCH] = key;
                split[1][ones % STRETCH] = key;
                zeros += 1 - one;
                ones += one;
            }
            self.negatives.extend_keys(split[0][..zeros].iter().copied());
            self.positives.extend_keys(split[1][..ones].iter().copied());
        }
    }

    /// Adds rows with weights, all finite and none negative.
    pub(crate) fn extend_weighted(&mut self, scores: &[f64], labels: &[u8], weights: &[f64]) {
        self.weighted = true;
        let rows = || scores.iter().zip(labels).zip(weights).filter(|(_, weight)| **weight > 0.0);
        let pairs = |class| {
            rows()
                .filter(move |((_, label), _)| **label == class)
                .map(|((score, _), weight)| (key::key(*score), *weight))
        };
        self.negatives.extend_pairs(pairs(0));
        self.positives.extend_pairs(pairs(1));
    }

    pub(crate) fn settle(&mut self) {
        self.positives.settle();
        self.negatives.settle();
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.positives.merge(other.positives);
        self.negatives.merge(other.negatives);
        self.weighted |= other.weighted;
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.positives.is_sound() && self.negatives.is_sound()
    }

    pub(crate) fn has_positives(&self) -> bool {
        !self.positives.is_empty()
    }

    pub(crate) fn has_negatives(&self) -> bool {
        !self.negatives.is_empty()
    }

    pub(crate) fn roc(&self) -> Roc {
        roc(&self.positives, &self.negatives, !self.weighted)
    }
}
