//! The reference's main axes, and how far rows lie off them.
//!
//! K. Pearson, "On Lines and Planes of Closest Fit to Systems of Points in
//! Space", Philosophical Magazine 2 (1901), over columns divided by their
//! deviation, as scikit-learn's `StandardScaler` and `PCA`.

use core::array::from_fn;

use driftline_numerics::{Moments, Spread, eigen};

use crate::table::Block;

/// Rows computed at a time.
const ROWS: usize = 128;
/// Rows computed side by side.
const LANES: usize = 8;

/// What was learned from the reference.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axes {
    columns: Vec<Moments>,
    /// The axes that are not kept, per unit of each column: what lies along them is what the kept ones don't explain.
    dropped: Vec<Vec<f64>>,
    /// How many axes are kept.
    pub(crate) kept: usize,
}

impl Axes {
    /// As few axes as explain more than `share` of the variance of rows, of which there are some.
    pub(crate) fn of(rows: &Spread, share: f64) -> Self {
        // A column that does not vary stays as it is.
        let scale = |column: &Moments| Some(column.variance(0.0).sqrt()).filter(|scale| *scale > 0.0).unwrap_or(1.0);
        let scales: Vec<f64> = rows.columns().iter().map(scale).collect();
        let mut covariance = rows.covariance();
        for (row, a) in covariance.iter_mut().zip(&scales) {
            row.iter_mut().zip(&scales).for_each(|(cell, b)| *cell /= a * b);
        }
        let axes = eigen::symmetric(covariance);
        let total: f64 = axes.iter().map(|axis| axis.value.max(0.0)).sum();
        let mut explained = 0.0;
        let enough = |axis: &eigen::Eigen| {
            explained += axis.value.max(0.0) / total;
            explained > share
        };
        let kept = axes.iter().position(enough).map_or(axes.len(), |last| last + 1);
        let scaled = |axis: eigen::Eigen| axis.vector.iter().zip(&scales).map(|(part, scale)| part / scale).collect();
        let dropped = axes.into_iter().skip(kept).map(scaled).collect();
        Self { columns: rows.columns().to_vec(), dropped, kept }
    }

    /// The length of what is left of each row; a cell that is not finite counts as the mean.
    pub(crate) fn lengths(&self, block: &Block) -> Vec<f64> {
        let means: Vec<(f64, f64)> = self.columns.iter().map(Moments::mean_and_rest).collect();
        let mut lengths = vec![0.0; block.columns.first().map_or(0, |column| column.len())];
        let mut centred = vec![[0.0; ROWS]; means.len()];
        for (at, lengths) in lengths.chunks_mut(ROWS).enumerate() {
            let rows = at * ROWS..at * ROWS + lengths.len();
            for ((place, column), mean) in centred.iter_mut().zip(&block.columns).zip(&means) {
                centre(&column[rows.clone()], *mean, block.whole, place);
            }
            let mut squares = [0.0; ROWS];
            for (lane, squares) in squares.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                for axis in &self.dropped {
                    let mut along = [0.0; LANES];
                    for (weight, column) in axis.iter().zip(&centred) {
                        let cells = &column.as_chunks::<LANES>().0[lane];
                        along = from_fn(|i| along[i] + weight * cells[i]);
                    }
                    *squares = from_fn(|i| squares[i] + along[i] * along[i]);
                }
            }
            lengths.iter_mut().zip(squares).for_each(|(length, square)| *length = square.sqrt());
        }
        lengths
    }

    /// The mean square of what is left of rows of which only the spread is known.
    pub(crate) fn mean_square(&self, rows: &Spread) -> f64 {
        let size = self.columns.len();
        let shift: Vec<f64> =
            self.columns.iter().zip(rows.columns()).map(|(own, column)| own.distance(column)).collect();
        let covariance = rows.covariance();
        let left = |axis: &Vec<f64>| {
            let pairs = (0..size).flat_map(|i| (0..size).map(move |j| (i, j)));
            pairs.map(|(i, j)| axis[i] * axis[j] * (covariance[i][j] + shift[i] * shift[j])).sum::<f64>().max(0.0)
        };
        self.dropped.iter().map(left).sum()
    }
}

/// Distances from a mean, which is given with what rounding cuts off it.
fn centre(cells: &[f64], (mean, rest): (f64, f64), whole: bool, place: &mut [f64; ROWS]) {
    place.iter_mut().zip(cells).for_each(|(place, cell)| *place = (cell - mean) - rest);
    if !whole {
        place.iter_mut().zip(cells).filter(|(_, cell)| !cell.is_finite()).for_each(|(place, _)| *place = 0.0);
    }
}
