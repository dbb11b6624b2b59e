//! The summary of categories.

use driftline_numerics::{Distinct, Frequent, distinct};
use driftline_sdk::prelude::*;

/// Everything kept of a column of categories.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Labels {
    pub(crate) count: u64,
    pub(crate) distinct: Distinct,
    pub(crate) frequent: Frequent<String>,
}

impl Labels {
    /// Adds labels with how often each occurs.
    pub(crate) fn extend(&mut self, mut counts: Vec<(&str, u64)>) {
        counts.sort_unstable();
        self.count += counts.iter().map(|(_, count)| count).sum::<u64>();
        self.distinct.extend(counts.iter().map(|(label, _)| distinct::hash_text(label)));
        self.frequent.extend_sorted(counts.into_iter().map(|(label, count)| (label.to_owned(), count)));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.distinct.merge(other.distinct);
        self.frequent.merge(other.frequent);
    }

    pub(crate) fn top(&self, count: usize) -> Vec<(String, u64)> {
        self.frequent.top(count).into_iter().map(|(label, seen)| (label.clone(), seen)).collect()
    }
}
