//! Mean and spread of numbers in one pass, and of parts put together.
//!
//! T. F. Chan, G. H. Golub & R. J. LeVeque, "Algorithms for Computing the
//! Sample Variance", American Statistician 37 (1983): each batch by two passes,
//! batches by their pairwise formula. The mean is kept to twice the precision
//! of a number, so that a small spread far from zero is not lost in rounding.

use serde::{Deserialize, Serialize};

use crate::{
    Sum,
    dot::{BLOCK, squares},
};

/// Weight, sum and squared distances from the mean of finite numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    weight: Sum,
    sum: Sum,
    squares: Sum,
}

impl Moments {
    /// Adds numbers that weigh one each.
    pub fn extend(&mut self, numbers: &[f64]) {
        let mut batch = Self::default();
        batch.weight.add(numbers.len() as f64);
        batch.sum.extend(numbers);
        let mean = batch.mean_and_rest();
        batch.squares = numbers.chunks(BLOCK).map(|block| squares(block, mean)).collect();
        self.merge(batch);
    }

    /// Adds numbers with weights that are finite and not negative.
    pub fn extend_weighted(&mut self, numbers: &[f64], weights: &[f64]) {
        let rows = || numbers.iter().zip(weights);
        let mut batch = Self { weight: weights.iter().copied().collect(), ..Self::default() };
        batch.sum = rows().map(|(x, w)| x * w).collect();
        let (mean, rest) = batch.mean_and_rest();
        batch.squares = rows().map(|(x, w)| w * ((x - mean) - rest).powi(2)).collect();
        self.merge(batch);
    }

    /// Those of so many numbers with this sum and these squared distances from their mean.
    pub(crate) fn of(weight: f64, sum: Sum, squares: Sum) -> Self {
        Self { weight: [weight].into_iter().collect(), sum, squares }
    }

    /// Adds the numbers behind other moments.
    pub fn merge(&mut self, other: Self) {
        let (ours, theirs) = (self.weight.value(), other.weight.value());
        if theirs == 0.0 {
            return;
        }
        if ours > 0.0 {
            let distance = self.distance(&other);
            self.squares.add(distance * distance * (ours / (ours + theirs)) * theirs);
        }
        self.weight.merge(other.weight);
        self.sum.merge(other.sum);
        self.squares.merge(other.squares);
    }

    /// The sum of the weights: how many numbers there are, when each weighs one.
    pub fn weight(&self) -> f64 {
        self.weight.value()
    }

    /// The weighted sum of the numbers.
    pub fn sum(&self) -> f64 {
        self.sum.value()
    }

    /// The mean; NaN of no numbers.
    pub fn mean(&self) -> f64 {
        self.sum.value() / self.weight.value()
    }

    /// The weighted sum of squared distances from the mean.
    ///
    /// What is left of it when all numbers are one, far less than two different
    /// numbers could cause, counts as nothing.
    pub fn squares(&self) -> f64 {
        let rounding = self.mean() * (8.0 * f64::EPSILON * f64::EPSILON);
        let squares = self.squares.value();
        if squares <= rounding * rounding * self.weight() { 0.0 } else { squares }
    }

    /// The variance with `removed` degrees of freedom taken off (0 of a whole, 1 of a sample); NaN where there are none left.
    pub fn variance(&self, removed: f64) -> f64 {
        let freedom = self.weight() - removed;
        if freedom > 0.0 { self.squares() / freedom } else { f64::NAN }
    }

    /// The standard error of the mean of numbers that weigh one each; `None` of fewer than two.
    pub fn standard_error(&self) -> Option<f64> {
        (self.weight() >= 2.0).then(|| (self.variance(1.0) / self.weight()).sqrt())
    }

    /// How far another mean is above this one.
    pub fn distance(&self, other: &Self) -> f64 {
        let ((mean, rest), (others, others_rest)) = (self.mean_and_rest(), other.mean_and_rest());
        (others - mean) + (others_rest - rest)
    }

    /// The mean, and what rounding cuts off it.
    pub fn mean_and_rest(&self) -> (f64, f64) {
        self.sum.divided_by(self.weight.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_spread_far_from_zero_is_kept_in_any_parts() {
        for offset in [0.0, 1e9, 1e15, -1e15] {
            // 0, 1, … 9 a hundred times: mean 4.5, variance 8.25.
            let numbers: Vec<f64> = (0..1000).map(|i| offset + f64::from(i % 10)).collect();
            for size in [1000, 999, 500, 7, 1] {
                let mut moments = Moments::default();
                numbers.chunks(size).for_each(|part| {
                    let mut one = Moments::default();
                    one.extend(part);
                    moments.merge(one);
                });
                assert_eq!(moments.weight(), 1000.0);
                assert_eq!(moments.mean(), offset + 4.5);
                assert!((moments.variance(0.0) - 8.25).abs() < 1e-12, "{offset}, {size}: {}", moments.variance(0.0));
            }
        }
    }

    #[test]
    fn one_number_repeated_does_not_vary() {
        for (number, parts) in [(0.1, 17), (1e15 / 3.0, 7), (-1e-300 / 7.0, 100)] {
            let mut moments = Moments::default();
            for part in 1..=parts {
                let mut one = Moments::default();
                one.extend(&vec![number; part]);
                moments.merge(one);
            }
            assert_eq!(moments.variance(1.0), 0.0, "{number}");
        }
    }

    #[test]
    fn weights_are_repetitions() {
        let (mut weighted, mut repeated) = (Moments::default(), Moments::default());
        weighted.extend_weighted(&[1.0, 2.0, 5.0], &[2.0, 0.0, 3.0]);
        repeated.extend(&[1.0, 1.0, 5.0, 5.0, 5.0]);
        assert_eq!((weighted.weight(), weighted.sum()), (repeated.weight(), repeated.sum()));
        assert!((weighted.squares() - repeated.squares()).abs() < 1e-14, "{weighted:?} {repeated:?}");
    }
}
