//! How many columns vary together, in one pass and in parts put together.
//!
//! As [`CoMoments`](crate::CoMoments), for every pair of columns.

use serde::{Deserialize, Serialize};

use crate::{
    Moments, Sum,
    dot::{BLOCK, distances, dot},
};

/// Moments of rows of finite numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Spread {
    columns: Vec<Moments>,
    /// Products of distances from the means: of column 0 with 1, 0 with 2, … 1 with 2, …
    products: Vec<Sum>,
}

impl Spread {
    /// Adds rows, given by their columns: as many as before, of one length.
    pub fn extend(&mut self, columns: &[impl AsRef<[f64]>]) {
        let columns: Vec<&[f64]> = columns.iter().map(AsRef::as_ref).collect();
        let mut batch = Self::default();
        for column in &columns {
            let mut moments = Moments::default();
            moments.extend(column);
            batch.columns.push(moments);
        }
        let means: Vec<(f64, f64)> = batch.columns.iter().map(Moments::mean_and_rest).collect();
        batch.products = vec![Sum::default(); pairs(columns.len()).count()];
        let mut rooms = vec![[0.0; BLOCK]; columns.len()];
        let rows = columns.first().map_or(0, |column| column.len());
        for from in (0..rows).step_by(BLOCK) {
            let block = from..rows.min(from + BLOCK);
            let cells = columns.iter().map(|column| &column[block.clone()]);
            let centred: Vec<&[f64]> =
                cells.zip(&means).zip(&mut rooms).map(|((cells, mean), room)| distances(cells, *mean, room)).collect();
            for ((i, j), sum) in pairs(columns.len()).zip(&mut batch.products) {
                sum.add(dot(centred[i], centred[j]));
            }
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
        for ((sum, more), (i, j)) in self.products.iter_mut().zip(other.products).zip(pairs(apart.len())) {
            sum.add(apart[i] * apart[j] * (ours / (ours + theirs)) * theirs);
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
        for (i, column) in self.columns.iter().enumerate() {
            matrix[i][i] = column.squares() / self.rows();
        }
        for ((i, j), sum) in pairs(size).zip(&self.products) {
            matrix[i][j] = sum.value() / self.rows();
            matrix[j][i] = matrix[i][j];
        }
        matrix
    }

    /// Whether a saved spread is one of so many columns.
    pub fn is_sound(&self, columns: usize) -> bool {
        self.columns.is_empty() || self.columns.len() == columns && self.products.len() == pairs(columns).count()
    }
}

/// Each pair of so many columns.
fn pairs(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..columns).flat_map(move |i| (i + 1..columns).map(move |j| (i, j)))
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
