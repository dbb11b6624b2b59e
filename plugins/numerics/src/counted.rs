//! Numbers made of counts, with their standard errors.
//!
//! The delta method (A. Agresti, "Categorical Data Analysis", 3rd edition,
//! 16.1) over a multinomial sample: the variance of g(counts) is about
//! Σ nᵢ gᵢ² - (Σ nᵢ gᵢ)² / n, where gᵢ is the slope of g by count i. For a
//! share it is the familiar p (1 - p) / n. The slopes come from the arithmetic itself.

use core::ops::{Add, Div, Mul, Sub};

/// A number with its slopes by `N` counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted<const N: usize> {
    /// The number.
    pub value: f64,
    slopes: [f64; N],
}

impl<const N: usize> Counted<N> {
    /// The counts themselves.
    pub fn all(counts: [f64; N]) -> [Self; N] {
        core::array::from_fn(|i| Self {
            value: counts[i],
            slopes: core::array::from_fn(|j| f64::from(u8::from(i == j))),
        })
    }

    /// A number that no count changes.
    pub fn constant(value: f64) -> Self {
        Self { value, slopes: [0.0; N] }
    }

    /// The square root.
    pub fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        self.with(value, 0.5 / value)
    }

    /// The standard error when the counts are a multinomial sample.
    pub fn standard_error(&self, counts: [f64; N]) -> f64 {
        let terms = || counts.iter().zip(self.slopes);
        let (total, mean): (f64, f64) = (counts.iter().sum(), terms().map(|(n, g)| n * g).sum());
        let squares: f64 = terms().map(|(n, g)| n * g * g).sum();
        (squares - mean * mean / total).max(0.0).sqrt()
    }

    fn with(self, value: f64, slope: f64) -> Self {
        Self { value, slopes: self.slopes.map(|own| own * slope) }
    }

    fn join(self, other: Self, value: f64, slope: f64, others_slope: f64) -> Self {
        let slopes = core::array::from_fn(|i| self.slopes[i] * slope + other.slopes[i] * others_slope);
        Self { value, slopes }
    }
}

impl<const N: usize> Add for Counted<N> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.join(other, self.value + other.value, 1.0, 1.0)
    }
}

impl<const N: usize> Sub for Counted<N> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.join(other, self.value - other.value, 1.0, -1.0)
    }
}

impl<const N: usize> Mul for Counted<N> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.join(other, self.value * other.value, other.value, self.value)
    }
}

impl<const N: usize> Div for Counted<N> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        self.join(other, value, 1.0 / other.value, -value / other.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_its_binomial_error() {
        let counts = [30.0, 70.0];
        let [a, b] = Counted::all(counts);
        let share = a / (a + b);
        assert_eq!(share.value, 0.3);
        assert!((share.standard_error(counts) - (0.3_f64 * 0.7 / 100.0).sqrt()).abs() < 1e-15);
        let odds = (a / b).sqrt() * Counted::constant(2.0);
        // d ln(odds) = 1/2 (1/a + 1/b)^½.
        let error = odds.value * 0.5 * (1.0_f64 / 30.0 + 1.0 / 70.0).sqrt();
        assert!((odds.standard_error(counts) - error).abs() < 1e-12);
    }
}
