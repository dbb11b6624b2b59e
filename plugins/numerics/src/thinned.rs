//! Numbers thinned to groups, so that a column has only so many values.
//!
//! Groups are those of numbers with the same leading bits, except that numbers
//! with nothing behind these bits stay by themselves. With one bit less every
//! group is a union of finer ones, so the finest groups of which a column has at
//! most so many depend on nothing but its numbers: not on their order, and not
//! on how parts were put together.

use serde::{Deserialize, Serialize};

/// All bits: every number is by itself.
const ALL: u32 = u64::BITS;
/// The most bits of which fewer than all leave something to tell a group by.
const MOST: u32 = ALL - 2;

/// The finest groups of a column that has at most `limit` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Thinned {
    limit: u32,
    bits: u32,
}

impl Thinned {
    /// Every number by itself, until there are more than `limit`, at least four.
    pub fn new(limit: u32) -> Self {
        Self { limit: limit.max(4), bits: ALL }
    }

    /// The group of a number's [`key`](crate::key::key), or of a finer group: a key between those of its neighbours.
    pub fn group(&self, key: u64) -> u64 {
        if self.bits == ALL {
            return key;
        }
        let rest = u64::MAX >> self.bits;
        // Of negative numbers keys are turned round: zeros behind the leading bits are ones.
        let nothing = if key >> 63 == 1 { 0 } else { rest };
        if key & rest == nothing { key } else { key & !rest | rest >> 1 }
    }

    /// Whether numbers of a group may differ.
    pub fn is_mixed(&self, group: u64) -> bool {
        self.bits != ALL && group & u64::MAX >> self.bits == u64::MAX >> (self.bits + 1)
    }

    /// Thins further until these keys, in ascending order, make no more groups than the limit.
    pub fn fit(&mut self, keys: &[u64]) {
        while self.bits > 1 && self.groups(keys) > self.limit as usize {
            self.bits = (self.bits - 1).min(MOST);
        }
    }

    /// Thins as far as another column was.
    ///
    /// `false` when it has another limit.
    pub fn merge(&mut self, other: Self) -> bool {
        self.bits = self.bits.min(other.bits);
        self.limit == other.limit && (1..=MOST).contains(&other.bits) | (other.bits == ALL)
    }

    fn groups(&self, keys: &[u64]) -> usize {
        keys.chunk_by(|a, b| self.group(*a) == self.group(*b)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::key;

    fn sorted(numbers: impl IntoIterator<Item = f64>) -> Vec<u64> {
        let mut keys: Vec<u64> = numbers.into_iter().map(key).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn groups_keep_the_order_and_nest() {
        let numbers =
            [-1e300, -1000.7, -3.1, -3.0, -2.9, -1e-9, 0.0, 5e-324, 0.1, 0.5, 2.9, 3.0, 3.1, 1000.7, f64::INFINITY];
        let keys = sorted(numbers);
        for bits in (1..=MOST).chain([ALL]) {
            let thinned = Thinned { limit: 4, bits };
            let groups: Vec<u64> = keys.iter().map(|key| thinned.group(*key)).collect();
            assert!(groups.is_sorted(), "{bits}");
            for (key, group) in keys.iter().zip(&groups) {
                assert!(thinned.is_mixed(*group) || group == key, "{bits}");
                assert_eq!(thinned.group(*group), *group, "{bits}");
                let coarser = Thinned { bits: (bits - 1).clamp(1, MOST), ..thinned };
                assert_eq!(coarser.group(*group), coarser.group(*key), "{bits}");
            }
        }
    }

    #[test]
    fn the_groups_are_the_finest_that_fit_whatever_the_parts() {
        let numbers: Vec<f64> = (0..5000).map(|i| 1e6 + f64::from(i * 7919 % 5003) / 5003.0).collect();
        for limit in [1, 4, 100, 1024, 5000] {
            let mut whole = Thinned::new(limit);
            whole.fit(&sorted(numbers.iter().copied()));
            let mut parts = Thinned::new(limit);
            for part in numbers.chunks(700) {
                let mut one = Thinned::new(limit);
                one.fit(&sorted(part.iter().copied()));
                assert!(parts.merge(one));
            }
            parts.fit(&sorted(numbers.iter().copied()));
            assert_eq!(parts, whole);
            let groups = whole.groups(&sorted(numbers.iter().copied()));
            assert!(groups <= limit.max(4) as usize && groups * 3 >= limit as usize, "{groups} of {limit}");
        }
    }
}
