//! The finite cells of one column with their moments: what tests and distances of numbers keep.

use std::borrow::Cow;

use driftline_sdk::{Error, Kind, Result, Rows};
use serde::{Deserialize, Serialize};

use crate::{Column, Moments, Sum, key};

/// Finite numbers in order, or labels.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FiniteColumn {
    /// The cells that are kept.
    pub column: Column,
    /// Exact moments of the numbers, also where a sketch keeps only some of their bits.
    pub moments: Moments,
    /// Cells left out because they are null or not finite.
    pub left_out: u64,
    /// How far a sketch has moved numbers, all together.
    moved: Sum,
}

impl FiniteColumn {
    /// An empty column that keeps so many leading bits of each number, so that its memory is bounded; all, where there
    /// is none.
    pub fn new(sketch: Option<u32>) -> Self {
        Self { column: Column::new(sketch), ..Self::default() }
    }

    /// Adds the cells of an input of numbers or categories.
    ///
    /// # Errors
    /// When the input can't be read.
    pub fn update(&mut self, rows: &Rows, input: &str) -> Result<()> {
        if rows.kind(input)? == Kind::Category {
            let cells = rows.categories(input)?;
            let (counts, missing) = cells.counts();
            self.left_out += missing;
            self.column.add_labels((counts, 0));
            return Ok(());
        }
        let finite = finite(rows.numbers(input)?);
        self.left_out += (rows.len() - finite.len()) as u64;
        self.moments.extend(&finite);
        if let Some(bits) = self.column.sketch {
            let moved = |cell: &f64| (key::number(key::coarse(key::key(*cell), bits)) - cell).abs();
            self.moved.extend(&finite.iter().map(moved).collect::<Vec<_>>());
        }
        self.column.add_numbers(&finite);
        Ok(())
    }

    /// Sorts what is buffered; needed before reading.
    pub fn settle(&mut self) {
        self.column.settle();
    }

    /// Adds the cells behind another settled column.
    ///
    /// # Errors
    /// When it is no column that this one could have been.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        if self.column.sketch != other.column.sketch || !other.column.is_sound() {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.column.merge(other.column);
        self.moments.merge(other.moments);
        self.left_out += other.left_out;
        self.moved.merge(other.moved);
        Ok(())
    }

    /// How many cells are kept.
    pub fn present(&self) -> f64 {
        self.column.present()
    }

    /// How far a sketch has moved the numbers on average; there are some.
    pub fn moved(&self) -> f64 {
        self.moved.value() / self.moments.weight()
    }
}

fn finite(cells: Cow<'_, [f64]>) -> Cow<'_, [f64]> {
    match cells.iter().filter(|cell| !cell.is_finite()).count() {
        0 => cells,
        _ => cells.iter().copied().filter(|cell| cell.is_finite()).collect(),
    }
}
