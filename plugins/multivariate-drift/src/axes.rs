//! The reference's main axes, and how far rows lie off them.
//!
//! K. Pearson, "On Lines and Planes of Closest Fit to Systems of Points in
//! Space", Philosophical Magazine 2 (1901), over columns divided by their
//! deviation, as scikit-learn's `StandardScaler` and `PCA`.

use driftline_numerics::{Moments, Spread, eigen};

/// What was learned from the reference.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axes {
    means: Vec<f64>,
    scales: Vec<f64>,
    /// Takes off what the kept axes explain: a row of standardized cells to what is left of it.
    residual: Vec<Vec<f64>>,
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
        let entry = |i: usize, j: usize| {
            let explained: f64 = axes.iter().take(kept).map(|axis| axis.vector[i] * axis.vector[j]).sum();
            f64::from(u8::from(i == j)) - explained
        };
        let residual = (0..means.len()).map(|i| (0..means.len()).map(|j| entry(i, j)).collect()).collect();
        Self { means, scales, residual, kept }
    }

    /// The length of what is left of each row, given by columns; a cell that is not finite counts as the mean.
    pub(crate) fn distances(&self, columns: &[Vec<f64>]) -> Vec<f64> {
        let rows = columns.first().map_or(0, Vec::len);
        let mut squares = vec![0.0; rows];
        for weights in &self.residual {
            let mut left = vec![0.0; rows];
            for (((column, weight), mean), scale) in columns.iter().zip(weights).zip(&self.means).zip(&self.scales) {
                let standard = |x: f64| if x.is_finite() { (x - mean) / scale } else { 0.0 };
                left.iter_mut().zip(column).for_each(|(sum, x)| *sum += weight * standard(*x));
            }
            squares.iter_mut().zip(left).for_each(|(sum, x)| *sum += x * x);
        }
        squares.into_iter().map(f64::sqrt).collect()
    }

    /// The mean square of what is left, for each column of rows of which only the spread is known.
    pub(crate) fn mean_squares(&self, rows: &Spread) -> Vec<f64> {
        let size = self.means.len();
        let shift: Vec<f64> = (0..size).map(|i| (rows.columns()[i].mean() - self.means[i]) / self.scales[i]).collect();
        let covariance = rows.covariance();
        let second = |i: usize, j: usize| covariance[i][j] / self.scales[i] / self.scales[j] + shift[i] * shift[j];
        let left = |weights: &Vec<f64>| {
            let pairs = (0..size).flat_map(|i| (0..size).map(move |j| (i, j)));
            pairs.map(|(i, j)| weights[i] * weights[j] * second(i, j)).sum::<f64>().max(0.0)
        };
        self.residual.iter().map(left).collect()
    }
}
