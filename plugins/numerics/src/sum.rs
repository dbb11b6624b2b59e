//! Sums that do not drift.
//!
//! A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation
//! endlicher Summen", ZAMM 54 (1974): Kahan's compensation that also works when
//! a term is larger than the sum. What is lost is found without a branch, by
//! D. E. Knuth, "The Art of Computer Programming" 2, 4.2.2 (theorem B).

use core::array::from_fn;

use serde::{Deserialize, Serialize};

/// Sums kept side by side over a list, so that one addition need not wait for
/// the last; with fewer of them the compiler does not use vectors of numbers.
const LANES: usize = 32;

/// A sum together with what rounding has cut off it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        let total = self.sum + term;
        self.lost += lost(self.sum, term, total);
        self.sum = total;
    }

    /// Adds a list of terms.
    pub fn extend(&mut self, terms: &[f64]) {
        let (mut sums, mut losses) = ([0.0; LANES], [0.0; LANES]);
        let (blocks, rest) = terms.as_chunks::<LANES>();
        for block in blocks {
            let totals: [f64; LANES] = from_fn(|i| sums[i] + block[i]);
            losses = from_fn(|i| losses[i] + lost(sums[i], block[i], totals[i]));
            sums = totals;
        }
        sums.iter().chain(&losses).chain(rest).for_each(|term| self.add(*term));
    }

    /// Adds the terms of another sum.
    pub fn merge(&mut self, other: Self) {
        self.add(other.sum);
        self.lost += other.lost;
    }

    /// The sum, rounded once. Infinite or NaN terms show as they would in a plain sum.
    pub fn value(self) -> f64 {
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }

    /// The sum divided by `count`, as a number and what rounding cuts off it.
    pub fn divided_by(self, count: f64) -> (f64, f64) {
        let quotient = self.value() / count;
        let rest = (-quotient).mul_add(count, self.sum) + self.lost;
        (quotient, rest / count)
    }
}

/// What rounding has cut off a total.
fn lost(sum: f64, term: f64, total: f64) -> f64 {
    let added = total - sum;
    (sum - (total - added)) + (term - added)
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_plain_addition_loses() {
        for (terms, expected) in [
            (vec![1.0, 1e100, 1.0, -1e100], 2.0),
            (vec![1.0, 1e100, 1.0, -1e100, 3.0, 1e100, -1e100, 0.5, 0.25], 5.75),
            (vec![0.1; 10], 1.0),
            (vec![], 0.0),
            (vec![f64::INFINITY, 1.0], f64::INFINITY),
        ] {
            let halves = terms.split_at(terms.len() / 2);
            let mut merged: Sum = halves.0.iter().copied().collect();
            merged.merge(halves.1.iter().copied().collect());
            let mut at_once = Sum::default();
            at_once.extend(&terms);
            assert_eq!(terms.iter().copied().collect::<Sum>().value(), expected);
            assert_eq!(merged.value(), expected);
            assert_eq!(at_once.value(), expected);
        }
    }

    #[test]
    fn a_quotient_keeps_what_rounding_cuts_off() {
        let sum: Sum = [1e15, 1e15 + 1.0, 1e15 + 1.0].into_iter().collect();
        let (mean, rest) = sum.divided_by(3.0);
        assert_eq!(mean, 1e15 + 0.625);
        assert!((mean - 1e15 + rest - 2.0 / 3.0).abs() < 1e-15, "{rest}");
    }
}
