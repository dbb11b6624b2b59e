//! The most frequent values, in bounded memory.
//!
//! J. Misra & D. Gries, "Finding repeated elements", Science of Computer
//! Programming 2 (1982), merged as in P. K. Agarwal et al., "Mergeable
//! Summaries", PODS 2012: of more counters than there is room for, the largest
//! stay, all lessened by the largest that goes. No count is too high, and none
//! is too low by more than the sum of what was taken, at most rows / (room + 1).

use serde::{Deserialize, Serialize};

/// Values with how often they were seen at least.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frequent<K> {
    /// By value, in ascending order.
    counts: Vec<(K, u64)>,
    error: u64,
}

impl<K> Default for Frequent<K> {
    fn default() -> Self {
        Self { counts: Vec::new(), error: 0 }
    }
}

impl<K: Ord + Clone> Frequent<K> {
    /// How many values there is room for.
    pub const ROOM: usize = 256;

    /// Adds distinct values with their counts, in ascending order of the values.
    pub fn extend_sorted(&mut self, more: impl Iterator<Item = (K, u64)>) {
        let ours = core::mem::take(&mut self.counts);
        let (mut ours, mut more) = (ours.into_iter().peekable(), more.peekable());
        let mut all = Vec::with_capacity(ours.len() + more.size_hint().0);
        while let (Some((a, _)), Some((b, _))) = (ours.peek(), more.peek()) {
            match a.cmp(b) {
                core::cmp::Ordering::Less => all.extend(ours.next()),
                core::cmp::Ordering::Greater => all.extend(more.next()),
                core::cmp::Ordering::Equal => {
                    all.extend(ours.next().zip(more.next()).map(|((value, x), (_, y))| (value, x + y)));
                }
            }
        }
        all.extend(ours);
        all.extend(more);
        self.counts = all;
        self.prune();
    }

    /// Adds the values of other counts.
    pub fn merge(&mut self, other: Self) {
        self.error += other.error;
        self.extend_sorted(other.counts.into_iter());
    }

    /// By how much any count can be too low.
    pub fn error(&self) -> u64 {
        self.error
    }

    /// At most `count` values that were seen most often, with their least counts; those
    /// that the error could have brought here are left out.
    pub fn top(&self, count: usize) -> Vec<(&K, u64)> {
        let certain = self.counts.iter().filter(|(_, seen)| *seen > self.error);
        let mut top: Vec<(&K, u64)> = certain.map(|(value, seen)| (value, *seen)).collect();
        top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        top.truncate(count);
        top
    }

    /// Whether saved counts are in order.
    pub fn is_sound(&self) -> bool {
        self.counts.len() <= Self::ROOM && self.counts.is_sorted_by(|a, b| a.0 < b.0)
    }

    fn prune(&mut self) {
        if self.counts.len() <= Self::ROOM {
            return;
        }
        let mut sizes: Vec<u64> = self.counts.iter().map(|(_, seen)| *seen).collect();
        let (_, taken, _) = sizes.select_nth_unstable_by(Self::ROOM, |a, b| b.cmp(a));
        let taken = *taken;
        self.counts.retain_mut(|(_, seen)| {
            *seen = seen.saturating_sub(taken);
            *seen > 0
        });
        self.error += taken;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn counts_are_at_most_the_error_too_low() {
        // Value v is seen about 200,000 / v² times, over many rare ones.
        let rows: Vec<u64> = (0..300_000_u64)
            .map(|i| {
                let spread = (crate::distinct::hash(i) >> 11) as f64 / (1_u64 << 53) as f64;
                (1.0 / spread) as u64
            })
            .collect();
        let mut truth = BTreeMap::<u64, u64>::new();
        rows.iter().for_each(|row| *truth.entry(*row).or_default() += 1);
        for size in [300_000, 8_192, 1_000] {
            let mut frequent = Frequent::default();
            for part in rows.chunks(size) {
                let mut counts = BTreeMap::<u64, u64>::new();
                part.iter().for_each(|row| *counts.entry(*row).or_default() += 1);
                let mut one = Frequent::default();
                one.extend_sorted(counts.into_iter());
                frequent.merge(one);
            }
            assert!(frequent.is_sound() && frequent.error() <= 300_000 / 257, "{}", frequent.error());
            for (value, seen) in frequent.top(20) {
                assert!(seen <= truth[value] && truth[value] <= seen + frequent.error(), "{value}: {seen}");
            }
            let first: Vec<u64> = frequent.top(3).into_iter().map(|(value, _)| *value).collect();
            assert_eq!(first, [1, 2, 3]);
        }
    }
}
