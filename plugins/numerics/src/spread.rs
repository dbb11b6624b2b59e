//! How many columns vary together, in one pass and in parts put together.
//!
//! As [`CoMoments`](crate::CoMoments), for every pair of columns.

use serde::{Deserialize, Serialize};

use crate::{Moments, Sum};

/// Moments of rows of finite numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Spread {
    columns: Vec<Moments>,
    /// Products of distances from the means: of column 0 with 0, 0 with 1, … 1 with 1, …
    products: Vec<Sum>,
}

impl Spread {
    /// Adds rows, given by their columns: as many as before, of one length.
    pub fn extend(&mut self, columns: &[Vec<f64>]) {
        let mut batch = Self::default();
        let mut centred = Vec::with_capacity(columns.len());
        for column in columns {
            let mut moments = Moments::default();
            moments.extend(column);
            let (mean, rest) = moments.mean_and_rest();
            centred.push(column.iter().map(|x| (x - mean) - rest).collect::<Vec<_>>());
            batch.columns.push(moments);
        }
        for (i, x) in centred.iter().enumerate() {
            let products = centred[i..].iter().map(|y| {
                let blocks = x.chunks(128).zip(y.chunks(128));
                blocks.map(|(x, y)| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>()).collect::<Sum>()
            });
            batch.products.extend(products);
        }
        self.merge(batch);
    }

    /// Adds the rows behind another spread.
    pub fn merge(&mut self, other: Self) {
        if self.rows() == 0.0 {
            *self = other;
            return;
        }
        let (ours, theirs) = (self.rows(), other.rows());
        if theirs == 0.0 {
            return;
        }
        let apart: Vec<f64> = self.columns.iter().zip(&other.columns).map(|(a, b)| a.distance(b)).collect();
        let pairs = apart.iter().enumerate().flat_map(|(i, x)| apart[i..].iter().map(move |y| x * y));
        for ((sum, more), product) in self.products.iter_mut().zip(other.products).zip(pairs) {
            sum.add(product * (ours / (ours + theirs)) * theirs);
            sum.merge(more);
        }
        for (moments, more) in self.columns.iter_mut().zip(other.columns) {
            moments.merge(more);
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> f64 {
        self.columns.first().map_or(0.0, Moments::weight)
    }

    /// The moments of each column.
    pub fn columns(&self) -> &[Moments] {
        &self.columns
    }

    /// The mean product of distances from the means, for every pair of columns; there are rows.
    pub fn covariance(&self) -> Vec<Vec<f64>> {
        let size = self.columns.len();
        let mut matrix = vec![vec![0.0; size]; size];
        let pairs = (0..size).flat_map(|i| (i..size).map(move |j| (i, j)));
        for ((i, j), sum) in pairs.zip(&self.products) {
            matrix[i][j] = sum.value() / self.rows();
            matrix[j][i] = matrix[i][j];
        }
        matrix
    }

    /// Whether a saved spread is one of so many columns.
    pub fn is_sound(&self, columns: usize) -> bool {
        self.columns.is_empty() || self.columns.len() == columns && self.products.len() == columns * (columns + 1) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_equal_the_whole_far_from_zero() {
        let column = |offset: f64, step: u32| (0..200).map(|i| offset + f64::from(i * step % 17)).collect::<Vec<_>>();
        let near = [column(0.0, 1), column(0.0, 3), column(0.0, 5)];
        let far = [column(1e15, 1), column(-1e14, 3), column(0.0, 5)];
        let mut whole = Spread::default();
        whole.extend(&near);
        let mut parts = Spread::default();
        for start in (0..200).step_by(7) {
            let mut part = Spread::default();
            part.extend(&far.each_ref().map(|column| column[start..200.min(start + 7)].to_vec()));
            parts.merge(part);
        }
        for (a, b) in whole.covariance().iter().flatten().zip(parts.covariance().iter().flatten()) {
            assert!((a - b).abs() < 1e-11, "{a} {b}");
        }
        assert!(parts.is_sound(3) && !parts.is_sound(2));
    }
}
