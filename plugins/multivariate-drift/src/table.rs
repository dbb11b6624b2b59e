//! The rows themselves.

use std::borrow::Cow;

use driftline_numerics::{Moments, Spread};
use driftline_sdk::{bulk::Held, prelude::*};

/// Rows in blocks as they came, so that nothing is copied when they grow or merge.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    width: usize,
    blocks: Vec<Shape>,
    /// The cells of one block after the other, each column by column; a piece has whole columns. Saved apart.
    #[serde(skip)]
    pieces: Vec<Held<f64>>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Shape {
    rows: usize,
    /// Whether all cells are finite.
    whole: bool,
}

/// Some of the rows.
pub(crate) struct Block<'a> {
    pub(crate) columns: Vec<&'a [f64]>,
    /// Whether all cells are finite.
    pub(crate) whole: bool,
}

impl Table {
    /// Adds rows, given by their columns.
    pub(crate) fn push(&mut self, columns: Vec<Cow<'_, [f64]>>) {
        let rows = columns.first().map_or(0, |column| column.len());
        if rows > 0 {
            self.width = columns.len();
            self.blocks.push(Shape { rows, whole: columns.iter().all(|column| is_whole(column)) });
            self.pieces.extend(columns.into_iter().map(|column| Held::Numbers(column.into_owned())));
        }
    }

    /// Adds the rows of another table of as many columns.
    pub(crate) fn append(&mut self, other: Self) {
        if !other.blocks.is_empty() {
            self.width = other.width;
        }
        self.blocks.extend(other.blocks);
        self.pieces.extend(other.pieces);
    }

    /// The cells in the order in which they are saved.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &[f64]> {
        self.pieces.iter().map(Held::as_slice)
    }

    /// Gives a saved table its cells back; `false` when these are not its own.
    pub(crate) fn fill(&mut self, cells: Held<f64>) -> bool {
        let held = cells.as_slice().len();
        let size = |sum: usize, shape: &Shape| sum.checked_add(shape.rows.checked_mul(self.width)?);
        let is_sound = self.blocks.iter().all(|shape| shape.rows > 0) && (self.blocks.is_empty() || self.width > 0);
        self.pieces = if held > 0 { vec![cells] } else { Vec::new() };
        is_sound && self.blocks.iter().try_fold(0, size) == Some(held)
    }

    /// How many columns there are; none without rows.
    pub(crate) fn width(&self) -> Option<usize> {
        self.blocks.first().map(|_| self.width)
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.blocks.iter().map(|block| block.rows).sum()
    }

    /// The rows, block by block.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let mut pieces = self.cells();
        let mut left: &[f64] = &[];
        let mut column = move |rows: usize| {
            if left.is_empty() {
                left = pieces.next().unwrap_or_default();
            }
            let (own, rest) = left.split_at(left.len().min(rows));
            left = rest;
            own
        };
        self.blocks.iter().map(move |shape| {
            let columns = (0..self.width).map(|_| column(shape.rows)).collect();
            Block { columns, whole: shape.whole }
        })
    }

    /// How the rows vary together, cells that are not finite taken as their column's mean; nothing where a column has none.
    pub(crate) fn spread(&self) -> Spread {
        let mut spread = Spread::default();
        if self.blocks.iter().all(|block| block.whole) {
            self.blocks().for_each(|block| spread.extend(&block.columns));
            return spread;
        }
        let means: Vec<f64> = (0..self.width).map(|column| self.mean(column)).collect();
        if means.iter().all(|mean| !mean.is_nan()) {
            for block in self.blocks() {
                let fill = |(column, mean): (&&[f64], &f64)| -> Vec<f64> {
                    column.iter().map(|cell| if cell.is_finite() { *cell } else { *mean }).collect()
                };
                spread.extend(&block.columns.iter().zip(&means).map(fill).collect::<Vec<_>>());
            }
        }
        spread
    }

    /// The mean of the finite cells of a column; NaN where there are none.
    fn mean(&self, column: usize) -> f64 {
        let mut present = Moments::default();
        for block in self.blocks() {
            present.extend(&block.columns[column].iter().copied().filter(|cell| cell.is_finite()).collect::<Vec<_>>());
        }
        present.mean()
    }
}

/// Whether all cells are finite; sixteen in a turn of the loop, without an early end among them.
#[inline(never)]
fn is_whole(cells: &[f64]) -> bool {
    let all = |cells: &[f64]| cells.iter().fold(true, |all, cell| all & cell.is_finite());
    let (sixteens, rest) = cells.as_chunks::<16>();
    sixteens.iter().fold(true, |whole, sixteen| whole & all(sixteen)) & all(rest)
}
