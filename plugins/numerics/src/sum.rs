//! Sums that do not drift.
//!
//! A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation
//! endlicher Summen", ZAMM 54 (1974): Kahan's compensation that also works when
//! a term is larger than the sum.

use serde::{Deserialize, Serialize};

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
        self.lost += if self.sum.abs() >= term.abs() { (self.sum - total) + term } else { (term - total) + self.sum };
        self.sum = total;
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
            (vec![0.1; 10], 1.0),
            (vec![], 0.0),
            (vec![f64::INFINITY, 1.0], f64::INFINITY),
        ] {
            let halves = terms.split_at(terms.len() / 2);
            let mut merged: Sum = halves.0.iter().copied().collect();
            merged.merge(halves.1.iter().copied().collect());
            assert_eq!(terms.iter().copied().collect::<Sum>().value(), expected);
            assert_eq!(merged.value(), expected);
        }
    }
}
