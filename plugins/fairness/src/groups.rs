//! Decisions by group.

use std::collections::BTreeMap;

use driftline_numerics::{Sum, coded::Coded};
use serde::{Deserialize, Serialize};

/// More groups than this are no groups of people.
pub(crate) const MOST: usize = 1_000;

/// Weights by group of decision and truth: `[decided against, decided for]`, each
/// `[truth unknown or negative, truth positive]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Groups(BTreeMap<String, [[Sum; 2]; 2]>);

/// What is known of one group, or of several together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Group {
    cells: [[f64; 2]; 2],
}

/// A share of some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    pub(crate) share: f64,
    rows: f64,
}

impl Rate {
    fn of(part: f64, rows: f64) -> Self {
        Self { share: part / rows, rows }
    }

    /// The squared standard error.
    pub(crate) fn variance(&self) -> f64 {
        self.share * (1.0 - self.share) / self.rows
    }
}

impl Groups {
    pub(crate) fn extend(&mut self, groups: &Coded, decided: &[bool], truth: &[u8], weights: Option<&[f64]>) {
        let mut batch = vec![[[Sum::default(); 2]; 2]; groups.labels.len()];
        for (row, (code, decided)) in groups.codes.iter().zip(decided).enumerate() {
            let positive = usize::from(truth.get(row).is_some_and(|truth| *truth == 1));
            if let Some(cells) = batch.get_mut(*code as usize) {
                cells[usize::from(*decided)][positive].add(weights.map_or(1.0, |weights| weights[row]));
            }
        }
        for (label, cells) in groups.labels.iter().zip(batch) {
            if cells.as_flattened().iter().any(|cell| cell.value() > 0.0) {
                self.add(label.clone(), cells);
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (label, cells) in other.0 {
            self.add(label, cells);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn all(&self) -> Vec<(&str, Group)> {
        let group = |cells: &[[Sum; 2]; 2]| Group { cells: cells.map(|row| row.map(Sum::value)) };
        self.0.iter().map(|(label, cells)| (label.as_str(), group(cells))).collect()
    }

    fn add(&mut self, label: String, cells: [[Sum; 2]; 2]) {
        let ours = self.0.entry(label).or_default();
        for (ours, theirs) in ours.as_flattened_mut().iter_mut().zip(cells.as_flattened()) {
            ours.merge(*theirs);
        }
    }
}

impl Group {
    /// The share of rows decided for.
    pub(crate) fn selection(&self) -> Rate {
        let [[a, b], [c, d]] = self.cells;
        Rate::of(c + d, a + b + c + d)
    }

    /// The share of positive rows decided for.
    pub(crate) fn true_positive(&self) -> Rate {
        let [[_, missed], [_, found]] = self.cells;
        Rate::of(found, missed + found)
    }

    /// The share of negative rows decided for.
    pub(crate) fn false_positive(&self) -> Rate {
        let [[spared, _], [wronged, _]] = self.cells;
        Rate::of(wronged, spared + wronged)
    }

    /// Both groups as one.
    pub(crate) fn with(self, other: Self) -> Self {
        let row = |i: usize| [self.cells[i][0] + other.cells[i][0], self.cells[i][1] + other.cells[i][1]];
        Self { cells: [row(0), row(1)] }
    }
}
