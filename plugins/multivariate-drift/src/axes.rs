//! The reference's main axes, and how far rows lie off them.
//!
//! K. Pearson, "On Lines and Planes of Closest Fit to Systems of Points in
//! Space", Philosophical Magazine 2 (1901), over columns divided by their
//! deviation, as scikit-learn's `StandardScaler` and `PCA`.

use driftline_numerics::{Moments, Spread, eigen};

/// Rows computed at a time.
const BLOCK: usize = 128;

/// What was learned from the reference.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axes {
    means: Vec<f64>,
    scales: Vec<f64>,
    /// The axes that are not kept: what lies along them is what the kept ones don't explain.
    dropped: Vec<Vec<f64>>,
    /// How many axes are kept.
    pub(crate) kept: usize,
}

impl Axes {
    /// As few axes as explain more than `share` of the variance of rows, of which there are some.
    pub(crate) fn of(rows: &Spread, share: f64) -> Self {
        let means: Vec<f64> = rows.columns().iter().map(Moments::mean).collect();
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
        let dropped = axes.into_iter().skip(kept).map(|axis| axis.vector).collect();
        Self { means, scales, dropped, kept }
    }

    /// The squared length of what is left of each row, given by columns; a cell that is not finite counts as the mean.
    pub(crate) fn squares(&self, columns: &[&[f64]]) -> Vec<f64> {
        let mut squares = vec![0.0; columns.first().map_or(0, |column| column.len())];
        let mut standard = vec![[0.0; BLOCK]; columns.len()];
        for (at, squares) in squares.chunks_mut(BLOCK).enumerate() {
            let rows = at * BLOCK..at * BLOCK + squares.len();
            for (i, (place, column)) in standard.iter_mut().zip(columns).enumerate() {
                self.standardize(i, &column[rows.clone()], place);
            }
            for axis in &self.dropped {
                let along = along(axis, &standard);
                squares.iter_mut().zip(along).for_each(|(sum, left)| *sum += left * left);
            }
        }
        squares
    }

    /// Distances from the mean in standard deviations.
    fn standardize(&self, column: usize, cells: &[f64], place: &mut [f64; BLOCK]) {
        let (mean, inverse) = (self.means[column], self.scales[column].recip());
        for (place, cell) in place.iter_mut().zip(cells) {
            *place = if cell.is_finite() { (cell - mean) * inverse } else { 0.0 };
        }
    }

    /// The mean square of what is left of rows of which only the spread is known.
    pub(crate) fn mean_square(&self, rows: &Spread) -> f64 {
        let size = self.means.len();
        let shift: Vec<f64> = (0..size).map(|i| (rows.columns()[i].mean() - self.means[i]) / self.scales[i]).collect();
        let covariance = rows.covariance();
        let second = |i: usize, j: usize| covariance[i][j] / self.scales[i] / self.scales[j] + shift[i] * shift[j];
        let left = |axis: &Vec<f64>| {
            let pairs = (0..size).flat_map(|i| (0..size).map(move |j| (i, j)));
            pairs.map(|(i, j)| axis[i] * axis[j] * second(i, j)).sum::<f64>().max(0.0)
        };
        self.dropped.iter().map(left).sum()
    }
}

/// How far rows lie along an axis.
fn along(axis: &[f64], columns: &[[f64; BLOCK]]) -> [f64; BLOCK] {
    let mut sums = [0.0; BLOCK];
    for (weight, column) in axis.iter().zip(columns) {
        sums.iter_mut().zip(column).for_each(|(sum, cell)| *sum += weight * cell);
    }
    sums
}
