//! How many columns vary together, in one pass and in parts put together.
//!
//! As [`CoMoments`](crate::CoMoments), for every pair of columns.

use serde::{Deserialize, Serialize};

use crate::{
    Moments, Sum,
    dot::{BLOCK, distances, dot, total},
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
    ///
    /// Distances are taken from a number near the mean of each column, and put right by how far that is from the mean of all.
    pub fn extend(&mut self, columns: &[impl AsRef<[f64]>]) {
        let columns: Vec<&[f64]> = columns.iter().map(AsRef::as_ref).collect();
        let rows = columns.first().map_or(0, |column| column.len());
        if rows == 0 {
            return;
        }
        let centres: Vec<f64> = columns.iter().map(|column| central(&column[..rows.min(BLOCK)])).collect();
        let mut sums = vec![Sum::default(); columns.len()];
        let mut squares = vec![Sum::default(); columns.len()];
        let mut products = vec![Sum::default(); pairs(columns.len()).count()];
        let mut rooms = vec![[0.0; BLOCK]; columns.len()];
        for from in (0..rows).step_by(BLOCK) {
            let block = from..rows.min(from + BLOCK);
            let mut apart: Vec<&[f64]> = Vec::with_capacity(columns.len());
            for ((column, centre), room) in columns.iter().zip(&centres).zip(&mut rooms) {
                apart.push(distances(&column[block.clone()], |cell| cell - *centre, room));
            }
            for ((apart, sum), squares) in apart.iter().zip(&mut sums).zip(&mut squares) {
                sum.add(total(apart));
                squares.add(dot(apart, apart));
            }
            for ((i, j), sum) in pairs(columns.len()).zip(&mut products) {
                sum.add(dot(apart[i], apart[j]));
            }
        }
        let count = rows as f64;
        let shift = |i: usize, j: usize| -(sums[i].value() / count) * sums[j].value();
        pairs(columns.len()).zip(&mut products).for_each(|((i, j), sum)| sum.add(shift(i, j)));
        squares.iter_mut().enumerate().for_each(|(i, sum)| sum.add(shift(i, i)));
        let moments = |((centre, sum), squares): ((&f64, &Sum), Sum)| {
            let whole = centre * count;
            let mut all: Sum = [whole, centre.mul_add(count, -whole)].into_iter().collect();
            all.merge(*sum);
            Moments::of(count, all, squares)
        };
        let columns = centres.iter().zip(&sums).zip(squares).map(moments).collect();
        self.merge(Self { columns, products });
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

/// The number among some that is next to their mean: of one that is repeated itself, whatever rounding does.
fn central(numbers: &[f64]) -> f64 {
    let mean = total(numbers) / numbers.len() as f64;
    numbers.iter().copied().min_by(|a, b| (a - mean).abs().total_cmp(&(b - mean).abs())).unwrap_or_default()
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
