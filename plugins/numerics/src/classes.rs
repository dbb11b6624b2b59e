//! The scores of both classes: the exact summary.

use serde::{Deserialize, Serialize};

use crate::{Multiset, key};

/// Rows split at a time, so that the split stays in the processor's first cache.
const STRETCH: usize = 1024;

/// Writes the keys of scores by label; how many are labelled 1. By position instead of by branch, since labels can't be
/// predicted, and eight in a turn.
#[inline(never)]
fn divide(scores: &[f64], labels: &[u8], split: &mut [[u64; STRETCH]; 2]) -> usize {
    let [zeros, ones] = split;
    let (mut seen, mut labelled) = (0, 0);
    let mut place = |score: &f64, label: &u8| {
        let key = key::key(*score);
        zeros[(seen - labelled) % STRETCH] = key;
        ones[labelled % STRETCH] = key;
        labelled += usize::from(*label);
        seen += 1;
    };
    let (scores, last_scores) = scores.as_chunks::<8>();
    let (labels, last_labels) = labels.as_chunks::<8>();
    for (scores, labels) in scores.iter().zip(labels) {
        scores.iter().zip(labels).for_each(|(score, label)| place(score, label));
    }
    last_scores.iter().zip(last_labels).for_each(|(score, label)| place(score, label));
    labelled
}

/// Scores, none of them NaN, by class.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Classes {
    positives: Multiset,
    negatives: Multiset,
    weighted: bool,
}

impl Classes {
    /// Adds rows of weight one; `labels` is 1 for positives.
    #[inline(never)]
    pub fn extend(&mut self, scores: &[f64], labels: &[u8]) {
        let mut split = [[0_u64; STRETCH]; 2];
        for (scores, labels) in scores.chunks(STRETCH).zip(labels.chunks(STRETCH)) {
            let ones = divide(scores, labels, &mut split);
            let [negatives, positives] = &split;
            self.negatives.extend_keys(negatives[..scores.len() - ones].iter().copied());
            self.positives.extend_keys(positives[..ones].iter().copied());
        }
    }

    /// Adds rows with weights, all finite and none negative.
    pub fn extend_weighted(&mut self, scores: &[f64], labels: &[u8], weights: &[f64]) {
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

    /// Adds scores of one class, given as keys with weights; `weighted` says that these do not count rows.
    pub fn extend_pairs(&mut self, label: u8, pairs: impl Iterator<Item = (u64, f64)>, weighted: bool) {
        self.weighted |= weighted;
        let side = if label == 1 { &mut self.positives } else { &mut self.negatives };
        side.extend_pairs(pairs);
    }

    /// Sorts what is buffered; needed before reading.
    pub fn settle(&mut self) {
        self.positives.settle();
        self.negatives.settle();
    }

    /// Adds the rows of other classes.
    pub fn merge(&mut self, other: Self) {
        self.positives.merge(other.positives);
        self.negatives.merge(other.negatives);
        self.weighted |= other.weighted;
    }

    /// Whether a saved state is one.
    pub fn is_sound(&self) -> bool {
        self.positives.is_sound() && self.negatives.is_sound()
    }

    /// The scores of positive rows.
    pub fn positives(&self) -> &Multiset {
        &self.positives
    }

    /// The scores of negative rows.
    pub fn negatives(&self) -> &Multiset {
        &self.negatives
    }

    /// Whether rows had weights.
    pub fn is_weighted(&self) -> bool {
        self.weighted
    }
}
