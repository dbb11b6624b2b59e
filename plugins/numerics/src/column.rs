//! The cells of one column: the summary.

use std::collections::BTreeMap;

use driftline_sdk::{Kind, Result, Rows};
use serde::{Deserialize, Serialize};

use crate::{Multiset, key};

/// Entries above which the runs of a sketch are joined.
const SKETCH: usize = 1 << 18;

/// All numbers in order, or how often each label occurs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Column {
    /// The numbers of a number column.
    pub numbers: Multiset,
    /// The labels of a category column.
    pub labels: BTreeMap<String, u64>,
    /// Cells that are null or not a number.
    pub missing: u64,
    /// How many leading bits of each number are kept; all, where there is none.
    pub sketch: Option<u32>,
}

impl Column {
    /// An empty column that keeps so many leading bits of each number ([`key::coarse`]), so that its memory is bounded.
    pub fn new(sketch: Option<u32>) -> Self {
        Self { sketch, ..Self::default() }
    }

    /// Adds the cells of a nullable input of numbers or categories.
    ///
    /// # Errors
    /// When the input can't be read.
    pub fn update(&mut self, rows: &Rows, input: &str) -> Result<()> {
        match rows.kind(input)? {
            Kind::Category => self.add_labels(rows.categories(input)?.counts()),
            Kind::Number | Kind::Timestamp => self.add_numbers(&rows.numbers(input)?),
        }
        Ok(())
    }

    /// Sorts what is buffered; needed before reading.
    pub fn settle(&mut self) {
        self.numbers.settle();
        self.bound();
    }

    /// Whether a saved column is one.
    pub fn is_sound(&self) -> bool {
        self.numbers.is_sound()
    }

    fn bound(&mut self) {
        if self.sketch.is_some() {
            self.numbers.join_above(SKETCH);
        }
    }

    /// Adds numbers; those that are none count as missing.
    pub fn add_numbers(&mut self, cells: &[f64]) {
        let missing = count_missing(cells);
        self.missing += missing as u64;
        if let Some(bits) = self.sketch {
            let present = cells.iter().filter(|cell| !cell.is_nan());
            self.numbers.extend_keys(present.map(|cell| key::coarse(key::key(*cell), bits)));
        } else if missing == 0 {
            self.numbers.extend(cells.iter().copied());
        } else {
            self.numbers.extend(cells.iter().copied().filter(|cell| !cell.is_nan()));
        }
    }

    /// Adds labels with how often each occurs, and missing cells.
    pub fn add_labels(&mut self, (counts, missing): (Vec<(&str, u64)>, u64)) {
        self.missing += missing;
        for (label, count) in counts {
            match self.labels.get_mut(label) {
                Some(known) => *known += count,
                None => drop(self.labels.insert(label.to_owned(), count)),
            }
        }
    }

    /// Adds the cells of another column.
    pub fn merge(&mut self, other: Self) {
        self.numbers.merge(other.numbers);
        self.bound();
        self.missing += other.missing;
        for (label, count) in other.labels {
            *self.labels.entry(label).or_default() += count;
        }
    }

    /// How many cells are present.
    pub fn present(&self) -> f64 {
        self.numbers.total() + self.labels.values().sum::<u64>() as f64
    }
}

/// How many cells are not a number.
#[inline(never)]
pub(crate) fn count_missing(cells: &[f64]) -> usize {
    let of = |cells: &[f64]| cells.iter().map(|cell| usize::from(cell.is_nan())).sum::<usize>();
    let (sixteens, rest) = cells.as_chunks::<16>();
    sixteens.iter().map(|sixteen| of(sixteen)).sum::<usize>() + of(rest)
}
