//! Some of the things that labels stand for, the same whatever the order of rows and however parts were put together.
//!
//! Bottom-k sampling by hash: E. Cohen & H. Kaplan, "Summarizing Data using
//! Bottom-k Sketches", PODC 2007. Of all labels those with the smallest hashes
//! stay, a simple random sample without replacement. What stays in the end was
//! never among those that went, in any part, so what is known of it is whole.
//! How many labels there are: Z. Bar-Yossef et al., "Counting Distinct Elements
//! in a Data Stream", RANDOM 2002.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::distinct::hash_text;

/// What is known of the labels with the smallest hashes, or of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample<T> {
    size: Option<u32>,
    kept: BTreeMap<(u64, String), T>,
    /// Whether labels went.
    is_part: bool,
}

impl<T> Default for Sample<T> {
    fn default() -> Self {
        Self::new(None)
    }
}

impl<T> Sample<T> {
    /// Of no labels yet; at most `size` stay, or all.
    pub fn new(size: Option<u32>) -> Self {
        Self { size, kept: BTreeMap::new(), is_part: false }
    }

    /// Adds what is known of a label; `join` puts it together with what is known already.
    pub fn add(&mut self, label: String, known: T, join: impl Fn(&mut T, T)) {
        let key = (hash_text(&label), label);
        if let Some(ours) = self.kept.get_mut(&key) {
            join(ours, known);
            return;
        }
        self.kept.insert(key, known);
        if self.size.is_some_and(|size| self.kept.len() > size as usize) {
            self.kept.pop_last();
            self.is_part = true;
        }
    }

    /// Adds another sample of the same size; `false` when it has another.
    pub fn merge(&mut self, other: Self, join: impl Fn(&mut T, T)) -> bool {
        self.is_part |= other.is_part;
        for ((_, label), known) in other.kept {
            self.add(label, known, &join);
        }
        self.size == other.size
    }

    /// What is known of each label that stayed, in an order that depends on the labels alone.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &T> {
        self.kept.values()
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.kept.values_mut()
    }

    /// Whether labels went.
    pub fn is_part(&self) -> bool {
        self.is_part
    }

    /// How many labels there are in all; an estimate when labels went, with a relative standard error of 1 / √size.
    pub fn labels(&self) -> f64 {
        let kept = self.kept.len() as f64;
        match self.kept.last_key_value() {
            Some(((largest, _), _)) if self.is_part => (kept - 1.0) / (*largest as f64 / 2_f64.powi(64)),
            _ => kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_whole_and_the_same_in_any_parts() {
        let rows: Vec<u32> = (0..30_000).map(|i| i * 7919 % 9973 % 5000).collect();
        let mut counts = [0; 5000];
        rows.iter().for_each(|row| counts[*row as usize] += 1);
        let add = |ours: &mut u32, theirs: u32| *ours += theirs;
        for size in [Some(1), Some(100), Some(1000), Some(5000), None] {
            let sample = |rows: &[u32]| {
                let mut sample = Sample::new(size);
                rows.iter().for_each(|row| sample.add(format!("q{row}"), 1, add));
                sample
            };
            let whole = sample(&rows);
            let mut merged = Sample::new(size);
            rows.chunks(4321).rev().for_each(|part| assert!(merged.merge(sample(part), add)));
            assert_eq!(merged, whole);
            assert_eq!(whole.is_part(), size.is_some_and(|size| size < 5000));
            assert_eq!(whole.values().len(), size.unwrap_or(5000) as usize);
            for ((_, label), count) in &whole.kept {
                let row: usize = label[1..].parse().expect("a row");
                assert_eq!(*count, counts[row], "{label}");
            }
            let off = (whole.labels() / 5000.0 - 1.0).abs();
            let bound = if whole.is_part() { 4.0 / f64::from(size.unwrap_or(1)).sqrt() } else { 0.0 };
            assert!(off <= bound || size == Some(1), "{off} for {size:?}");
        }
    }
}
