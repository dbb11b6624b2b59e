//! The cells of one column: the summary.

use std::collections::BTreeMap;

use driftline_numerics::Multiset;
use driftline_sdk::prelude::*;

/// All numbers in order, or how often each label occurs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) numbers: Multiset,
    pub(crate) labels: BTreeMap<String, u64>,
    /// Cells that are null or not a number.
    pub(crate) missing: u64,
}

impl Column {
    pub(crate) fn add_numbers(&mut self, cells: &[f64]) {
        let missing = cells.iter().filter(|cell| cell.is_nan()).count();
        self.missing += missing as u64;
        if missing == 0 {
            self.numbers.extend(cells.iter().copied());
        } else {
            self.numbers.extend(cells.iter().copied().filter(|cell| !cell.is_nan()));
        }
    }

    pub(crate) fn add_labels(&mut self, (counts, missing): (Vec<(&str, u64)>, u64)) {
        self.missing += missing;
        for (label, count) in counts {
            match self.labels.get_mut(label) {
                Some(known) => *known += count,
                None => drop(self.labels.insert(label.to_owned(), count)),
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.numbers.merge(other.numbers);
        self.missing += other.missing;
        for (label, count) in other.labels {
            *self.labels.entry(label).or_default() += count;
        }
    }

    /// How many cells are present.
    pub(crate) fn present(&self) -> f64 {
        self.numbers.total() + self.labels.values().sum::<u64>() as f64
    }
}
