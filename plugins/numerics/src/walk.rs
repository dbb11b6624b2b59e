//! Two multisets read side by side in ascending order.
//!
//! The runs of both are cut at common keys into parts that fit the processor's
//! cache; within a part each side's runs are merged pairwise, and the two
//! merged sides are stepped through together. No second copy of the data is
//! made, and every number moves through memory once.

mod merge;
mod order;

use core::ops::Range;

use crate::{Multiset, run::Run};
use merge::{Buffers, Entry};

/// Every so many keys of a run one is considered as a place to cut.
const STRIDE: usize = 1024;
/// So many strides make a part.
const STRIDES: usize = 8;

/// What is told of each part and each distinct key.
pub trait Visitor {
    /// The next part holds keys of this weight on either side. With `false` it
    /// is passed over: none of its keys is visited.
    fn enter(&mut self, left: f64, right: f64) -> bool {
        let _ = (left, right);
        true
    }

    /// A key together with its weight on either side (zero where it is absent).
    fn visit(&mut self, key: u64, left: f64, right: f64);

    /// A key that only the left side has.
    fn left(&mut self, key: u64, weight: f64) {
        self.visit(key, weight, 0.0);
    }

    /// A key that only the right side has.
    fn right(&mut self, key: u64, weight: f64) {
        self.visit(key, 0.0, weight);
    }

    /// Whether [`Self::order`] may save visits.
    fn takes_order(&self) -> bool {
        false
    }

    /// A part of keys that weigh one each, none of them on both sides: for each in ascending order whether it is on the
    /// left, 1 or 0. With `false` its keys are visited one by one.
    fn order(&mut self, is_left: &[u8]) -> bool {
        let _ = is_left;
        false
    }

    /// The end of a part: a good moment to move partial sums into long-lived ones.
    fn pause(&mut self) {}
}

impl<F: FnMut(u64, f64, f64)> Visitor for F {
    fn visit(&mut self, key: u64, left: f64, right: f64) {
        self(key, left, right);
    }
}

/// Visits the distinct keys of two settled multisets in ascending order.
pub fn walk(left: &Multiset, right: &Multiset, visitor: &mut impl Visitor) {
    let cuts = cuts(left.runs(), right.runs());
    let (mut left, mut right) = (Side::new(left.runs()), Side::new(right.runs()));
    let mut is_left = Vec::new();
    for cut in cuts.into_iter().map(Some).chain([None]) {
        left.advance(cut);
        right.advance(cut);
        if !visitor.enter(left.weight(), right.weight()) {
            continue;
        }
        left.merge();
        right.merge();
        match (left.plain(), right.plain()) {
            (Some(a), Some(b)) => {
                is_left.resize(if visitor.takes_order() { a.len() + b.len() } else { 0 }, 0);
                let is_told = !is_left.is_empty() && order::order(a, b, &mut is_left) && visitor.order(&is_left);
                if !is_told {
                    step(a, b, visitor);
                }
            }
            (Some(a), None) => step(a, right.weighted(), visitor),
            (None, Some(b)) => step(left.weighted(), b, visitor),
            (None, None) => step(left.weighted(), right.weighted(), visitor),
        }
        visitor.pause();
    }
}

fn cuts(left: &[Run], right: &[Run]) -> Vec<u64> {
    let mut cuts: Vec<u64> =
        left.iter().chain(right).flat_map(|run| run.keys().iter().skip(STRIDE).step_by(STRIDE).copied()).collect();
    cuts.sort_unstable();
    let mut cuts: Vec<u64> = cuts.into_iter().skip(STRIDES - 1).step_by(STRIDES).collect();
    cuts.dedup();
    cuts
}

/// The runs of one multiset, and the part of each that is being read.
struct Side<'a> {
    runs: &'a [Run],
    parts: Vec<Range<usize>>,
    plain: bool,
    keys: Buffers<u64>,
    pairs: Buffers<(u64, f64)>,
}

impl<'a> Side<'a> {
    fn new(runs: &'a [Run]) -> Self {
        let plain = runs.iter().all(|run| run.weights().is_none());
        Self { runs, parts: vec![0..0; runs.len()], plain, keys: Buffers::default(), pairs: Buffers::default() }
    }

    /// Moves on to the keys below `cut`, or to all that are left.
    fn advance(&mut self, cut: Option<u64>) {
        for (part, run) in self.parts.iter_mut().zip(self.runs) {
            let rest = &run.keys()[part.end..];
            let length = cut.map_or(rest.len(), |cut| below(rest, cut));
            *part = part.end..part.end + length;
        }
    }

    /// The weight of the part.
    fn weight(&self) -> f64 {
        let one = |(part, run): (&Range<usize>, &Run)| match run.weights() {
            Some(weights) => weights[part.clone()].iter().sum(),
            None => part.len() as f64,
        };
        self.parts.iter().zip(self.runs).map(one).sum()
    }

    /// Merges the part of all runs.
    fn merge(&mut self) {
        let parts = self.parts.iter().cloned().zip(self.runs).filter(|(part, _)| !part.is_empty());
        if self.plain {
            let mut parts = parts.map(|(part, run)| &run.keys()[part]);
            self.keys.merge(&mut parts, |keys, part| keys.extend_from_slice(part));
        } else {
            self.pairs.merge(&mut parts.clone(), |pairs, (part, run)| match run.weights() {
                Some(weights) => {
                    pairs.extend(run.keys()[part.clone()].iter().copied().zip(weights[part].iter().copied()))
                }
                None => pairs.extend(run.keys()[part].iter().map(|key| (*key, 1.0))),
            });
        }
    }

    fn plain(&self) -> Option<&[u64]> {
        self.plain.then_some(&*self.keys.items)
    }

    fn weighted(&self) -> &[(u64, f64)] {
        &self.pairs.items
    }
}

/// How many keys are below `cut`: few of many, so they are looked for near the start.
fn below(keys: &[u64], cut: u64) -> usize {
    let mut end = 32;
    while end < keys.len() && keys[end] < cut {
        end *= 2;
    }
    let start = end / 2;
    match keys.get(start) {
        Some(key) if *key < cut => start + keys[start..keys.len().min(end)].partition_point(|key| *key < cut),
        _ => keys[..keys.len().min(start)].partition_point(|key| *key < cut),
    }
}

#[inline(never)]
fn step<A: Entry, B: Entry>(a: &[A], b: &[B], visitor: &mut impl Visitor) {
    let (mut i, mut j) = (0, 0);
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        let (left, right) = (left.key(), right.key());
        if left < right {
            visitor.left(left, take(a, &mut i, left));
        } else if right < left {
            visitor.right(right, take(b, &mut j, right));
        } else {
            visitor.visit(left, take(a, &mut i, left), take(b, &mut j, right));
        }
    }
    while let Some(left) = a.get(i) {
        visitor.left(left.key(), take(a, &mut i, left.key()));
    }
    while let Some(right) = b.get(j) {
        visitor.right(right.key(), take(b, &mut j, right.key()));
    }
}

/// The weight of the entries of `key` from `at` on, which are skipped.
fn take<T: Entry>(entries: &[T], at: &mut usize, key: u64) -> f64 {
    let mut weight = 0.0;
    while let Some(entry) = entries.get(*at).filter(|entry| entry.key() == key) {
        weight += entry.weight();
        *at += 1;
    }
    weight
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn multiset(parts: &[Vec<(u64, Option<u8>)>]) -> Multiset {
        let mut all = Multiset::default();
        for part in parts {
            let mut set = Multiset::default();
            set.extend_keys(part.iter().filter(|(_, weight)| weight.is_none()).map(|(key, _)| *key));
            set.extend_pairs(part.iter().filter_map(|(key, weight)| Some((*key, f64::from((*weight)?)))));
            set.settle();
            all.merge(set);
        }
        all
    }

    fn sides() -> impl Strategy<Value = Vec<Vec<(u64, Option<u8>)>>> {
        let entry = (0_u64..3000, proptest::option::weighted(0.1, any::<u8>()));
        proptest::collection::vec(proptest::collection::vec(entry, 0..20_000), 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn visits_what_a_map_would_hold(left in sides(), right in sides()) {
            let mut expected = BTreeMap::<u64, (f64, f64)>::new();
            for (key, weight) in left.iter().flatten() {
                expected.entry(*key).or_default().0 += weight.map_or(1.0, f64::from);
            }
            for (key, weight) in right.iter().flatten() {
                expected.entry(*key).or_default().1 += weight.map_or(1.0, f64::from);
            }
            let mut seen = Vec::new();
            walk(&multiset(&left), &multiset(&right), &mut |key, a, b| seen.push((key, (a, b))));
            prop_assert_eq!(seen, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
