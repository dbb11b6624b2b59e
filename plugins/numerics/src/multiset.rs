//! Any number of numbers, kept in order: the exact state of rank metrics.

use serde::{Deserialize, Serialize};

use crate::{key::key, radix, run::Run, walk};

/// Keys buffered before they are sorted into a run.
const RUN: usize = 1 << 20;
/// Up to this size the buffer grows bit by bit.
const GROWING: usize = 1 << 16;
/// Entries held before runs are joined to find equal keys among them.
const JOIN: usize = 1 << 24;

/// Numbers with multiplicities (or weights), none of them NaN.
///
/// Rows are appended to a buffer, sorted in bulk into runs, and the runs of
/// merged states are only collected; readers walk them side by side. Memory is
/// at most 8 bytes per number, or 16 per distinct number where many are equal,
/// and a buffer of 16 MiB while rows come in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Multiset {
    runs: Vec<Run>,
    #[serde(skip)]
    keys: Vec<u64>,
    #[serde(skip)]
    scratch: Vec<u64>,
    #[serde(skip)]
    pairs: Vec<(u64, f64)>,
    /// Entries left when runs were last joined.
    #[serde(skip)]
    joined: usize,
}

impl Multiset {
    /// Adds numbers that are not NaN.
    pub fn extend(&mut self, numbers: impl IntoIterator<Item = f64>) {
        self.extend_keys(numbers.into_iter().map(key));
    }

    /// Adds keys of numbers.
    #[inline(never)]
    pub fn extend_keys(&mut self, keys: impl IntoIterator<Item = u64>) {
        if self.keys.len() >= GROWING && self.keys.capacity() < RUN {
            // From here on without copying; untouched memory costs nothing.
            self.keys.reserve_exact(RUN + GROWING - self.keys.len());
        }
        self.keys.extend(keys);
        if self.keys.len() >= RUN {
            self.sort_keys();
        }
    }

    /// Adds keys of numbers with weights.
    pub fn extend_pairs(&mut self, pairs: impl IntoIterator<Item = (u64, f64)>) {
        self.pairs.extend(pairs);
        if self.pairs.len() >= RUN {
            self.sort_pairs();
        }
    }

    /// Sorts what is buffered and frees the buffers; needed before reading.
    pub fn settle(&mut self) {
        self.sort_keys();
        self.sort_pairs();
        self.keys = Vec::new();
        self.scratch = Vec::new();
        self.pairs = Vec::new();
        self.join_above(JOIN);
    }

    /// Adds the numbers of a settled multiset.
    pub fn merge(&mut self, other: Self) {
        self.runs.extend(other.runs);
        self.join_above(JOIN);
    }

    /// Makes equal keys of different runs one entry, when there are at least
    /// `entries` and twice as many as were left the last time.
    pub fn join_above(&mut self, entries: usize) {
        if self.runs.len() > 1 && self.entries() >= entries.max(2 * self.joined) {
            self.join();
        }
    }

    /// The sorted runs. Their order is the order in which rows came.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// How many keys are held.
    pub fn entries(&self) -> usize {
        self.runs.iter().map(|run| run.keys().len()).sum()
    }

    /// The sum of all weights: how many numbers there are.
    pub fn total(&self) -> f64 {
        self.runs.iter().map(Run::total).collect::<crate::Sum>().value()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries() == 0
    }

    /// Whether a saved multiset is one.
    pub fn is_sound(&self) -> bool {
        self.runs.iter().all(Run::is_sound)
    }

    fn sort_keys(&mut self) {
        if !self.keys.is_empty() {
            let mut keys = core::mem::take(&mut self.keys);
            radix::sort(&mut keys, &mut self.scratch);
            self.runs.push(Run::of_keys(keys));
        }
    }

    fn sort_pairs(&mut self) {
        if !self.pairs.is_empty() {
            radix::sort_weighted(&mut self.pairs, &mut Vec::new());
            self.runs.push(Run::of_pairs(&self.pairs));
            self.pairs.clear();
        }
    }

    /// Joins the runs into one in which equal keys are one entry, where that saves room.
    fn join(&mut self) {
        let mut distinct = 0_usize;
        walk::walk(self, &Self::default(), &mut |_, _, _| distinct += 1);
        if 4 * distinct < 3 * self.entries() {
            let mut run = Run::with_capacity(distinct);
            walk::walk(self, &Self::default(), &mut |key, weight, _| run.push(key, weight));
            self.runs = vec![run];
        }
        self.joined = self.entries();
    }
}
