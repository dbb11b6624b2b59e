//! How many decisions are to be expected right and wrong.

use driftline_numerics::Sum;
use serde::{Deserialize, Serialize};

/// Expected counts of decisions about rows of calibrated scores.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Decisions {
    pub(crate) rows: u64,
    true_positives: Sum,
    false_positives: Sum,
    true_negatives: Sum,
    false_negatives: Sum,
    /// The sum of p (1 - p): the variance of how many labels agree.
    variance: Sum,
}

impl Decisions {
    /// Adds scores from 0 to 1; those of at least `threshold` are decided as positive.
    pub(crate) fn extend(&mut self, scores: &[f64], threshold: f64) {
        self.rows += scores.len() as u64;
        add(&mut self.true_positives, scores, |score| if score >= threshold { score } else { 0.0 });
        add(&mut self.false_positives, scores, |score| if score >= threshold { 1.0 - score } else { 0.0 });
        add(&mut self.true_negatives, scores, |score| if score >= threshold { 0.0 } else { 1.0 - score });
        add(&mut self.false_negatives, scores, |score| if score >= threshold { 0.0 } else { score });
        add(&mut self.variance, scores, |score| score * (1.0 - score));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        let pairs = [
            (&mut self.true_positives, other.true_positives),
            (&mut self.false_positives, other.false_positives),
            (&mut self.true_negatives, other.true_negatives),
            (&mut self.false_negatives, other.false_negatives),
            (&mut self.variance, other.variance),
        ];
        pairs.into_iter().for_each(|(ours, theirs)| ours.merge(theirs));
    }

    /// True positives, false positives, true negatives and false negatives, in rows.
    pub(crate) fn counts(&self) -> [f64; 4] {
        [self.true_positives, self.false_positives, self.true_negatives, self.false_negatives].map(Sum::value)
    }

    /// The standard error of a share of rows, from the labels to come.
    pub(crate) fn standard_error(&self) -> f64 {
        self.variance.value().max(0.0).sqrt() / self.rows as f64
    }
}

fn add(sum: &mut Sum, scores: &[f64], term: impl Fn(f64) -> f64) {
    sum.extend(&scores.iter().map(|score| term(*score)).collect::<Vec<_>>());
}
