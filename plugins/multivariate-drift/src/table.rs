//! The rows themselves.

use driftline_numerics::{Moments, Spread};
use driftline_sdk::{bulk, prelude::*};

/// Rows in blocks as they came, so that nothing is copied when they grow or merge.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Table(Vec<Block>);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Block {
    rows: usize,
    /// Whether all cells are finite.
    whole: bool,
    /// Column by column.
    #[serde(with = "bulk")]
    cells: Vec<f64>,
}

impl Block {
    fn columns(&self) -> Vec<&[f64]> {
        self.cells.chunks_exact(self.rows).collect()
    }
}

impl Table {
    /// Adds rows, given by their columns.
    pub(crate) fn push(&mut self, columns: &[impl AsRef<[f64]>]) {
        let rows = columns.first().map_or(0, |column| column.as_ref().len());
        if rows > 0 {
            let mut cells = Vec::with_capacity(rows * columns.len());
            columns.iter().for_each(|column| cells.extend_from_slice(column.as_ref()));
            let whole = cells.iter().filter(|cell| !cell.is_finite()).count() == 0;
            self.0.push(Block { rows, whole, cells });
        }
    }

    /// Adds the rows of another table of as many columns.
    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many columns there are; none without rows.
    pub(crate) fn width(&self) -> Option<usize> {
        self.0.first().map(|block| block.cells.len() / block.rows.max(1))
    }

    /// Whether a saved table is one.
    pub(crate) fn is_sound(&self) -> bool {
        let width = self.width().unwrap_or(0);
        self.0.iter().all(|block| block.rows > 0 && block.rows.checked_mul(width) == Some(block.cells.len()))
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.0.iter().map(|block| block.rows).sum()
    }

    /// Rows at a time, by their columns.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Vec<&[f64]>> {
        self.0.iter().map(Block::columns)
    }

    /// How the rows vary together, cells that are not finite taken as their column's mean; nothing where a column has none.
    pub(crate) fn spread(&self) -> Spread {
        let mut spread = Spread::default();
        if self.0.iter().all(|block| block.whole) {
            self.blocks().for_each(|columns| spread.extend(&columns));
            return spread;
        }
        let means: Vec<f64> = (0..self.width().unwrap_or(0)).map(|column| self.mean(column)).collect();
        if means.iter().all(|mean| !mean.is_nan()) {
            for columns in self.blocks() {
                let fill = |(column, mean): (&&[f64], &f64)| -> Vec<f64> {
                    column.iter().map(|cell| if cell.is_finite() { *cell } else { *mean }).collect()
                };
                spread.extend(&columns.iter().zip(&means).map(fill).collect::<Vec<_>>());
            }
        }
        spread
    }

    /// The mean of the finite cells of a column; NaN where there are none.
    fn mean(&self, column: usize) -> f64 {
        let mut present = Moments::default();
        for columns in self.blocks() {
            present.extend(&columns[column].iter().copied().filter(|cell| cell.is_finite()).collect::<Vec<_>>());
        }
        present.mean()
    }
}
