//! How two columns vary together, in one pass and in parts put together.
//!
//! P. Pébay, "Formulas for Robust, One-Pass Parallel Computation of Covariances
//! and Arbitrary-Order Statistical Moments", Sandia report SAND2008-6212: Chan's
//! formula for products of distances.

use serde::{Deserialize, Serialize};

use crate::{
    Moments, Sum,
    dot::{BLOCK, distances, dot},
};

/// Moments of pairs of finite numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CoMoments {
    /// The first of each pair.
    pub x: Moments,
    /// The second.
    pub y: Moments,
    products: Sum,
}

impl CoMoments {
    /// Adds pairs.
    pub fn extend(&mut self, x: &[f64], y: &[f64]) {
        let mut batch = Self::default();
        batch.x.extend(x);
        batch.y.extend(y);
        let mut rooms = ([0.0; BLOCK], [0.0; BLOCK]);
        let from = |(mean, rest): (f64, f64)| move |number: f64| (number - mean) - rest;
        let (of_x, of_y) = (from(batch.x.mean_and_rest()), from(batch.y.mean_and_rest()));
        let mut product =
            |(x, y): (&[f64], &[f64])| dot(distances(x, of_x, &mut rooms.0), distances(y, of_y, &mut rooms.1));
        batch.products = x.chunks(BLOCK).zip(y.chunks(BLOCK)).map(&mut product).collect();
        self.merge(batch);
    }

    /// Adds the pairs behind other moments.
    pub fn merge(&mut self, other: Self) {
        let (ours, theirs) = (self.x.weight(), other.x.weight());
        if ours > 0.0 && theirs > 0.0 {
            let distance = self.x.distance(&other.x) * self.y.distance(&other.y);
            self.products.add(distance * (ours / (ours + theirs)) * theirs);
        }
        self.products.merge(other.products);
        self.x.merge(other.x);
        self.y.merge(other.y);
    }

    /// Pearson's correlation; NaN where a side does not vary.
    pub fn correlation(&self) -> f64 {
        let spread = self.x.squares().sqrt() * self.y.squares().sqrt();
        if spread > 0.0 { (self.products.value() / spread).clamp(-1.0, 1.0) } else { f64::NAN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_equal_the_whole_far_from_zero() {
        let x: Vec<f64> = (0..300).map(|i| 1e15 + f64::from(i % 17)).collect();
        let y: Vec<f64> = (0..300).map(|i| -1e15 + f64::from((i % 17) * 2 + i % 5)).collect();
        let mut whole = CoMoments::default();
        whole.extend(&x, &y);
        let mut near = CoMoments::default();
        near.extend(&x.iter().map(|x| x - 1e15).collect::<Vec<_>>(), &y.iter().map(|y| y + 1e15).collect::<Vec<_>>());
        let mut parts = CoMoments::default();
        x.chunks(7).zip(y.chunks(7)).for_each(|(x, y)| {
            let mut part = CoMoments::default();
            part.extend(x, y);
            parts.merge(part);
        });
        assert!((whole.correlation() - near.correlation()).abs() < 1e-13);
        assert!((parts.correlation() - near.correlation()).abs() < 1e-13);
    }
}
