//! What is known of a number that a sketch does not give exactly.

use driftline_numerics::Sum;

/// The numbers between which one lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Range {
    /// A number without doubt.
    pub(crate) fn exactly(number: f64) -> Self {
        Self { low: number, high: number }
    }

    /// The range between two sums.
    pub(crate) fn of((low, high): (Sum, Sum)) -> Self {
        Self { low: low.value(), high: high.value() }
    }

    /// What a function that only rises or only falls makes of it.
    pub(crate) fn map(self, change: impl Fn(f64) -> f64) -> Self {
        let (a, b) = (change(self.low), change(self.high));
        Self { low: a.min(b), high: a.max(b) }
    }

    /// The range of a chance that is itself off by so much.
    pub(crate) fn widened(self, by: f64) -> Self {
        Self { low: (self.low - by).max(0.0), high: (self.high + by).min(1.0) }
    }

    /// How far a number in it is from the farther end.
    pub(crate) fn off(&self, number: f64) -> f64 {
        (number - self.low).max(self.high - number)
    }

    pub(crate) fn remark(&self) -> String {
        format!("from a sketch; exactly it is between {:.3e} and {:.3e}", self.low, self.high)
    }
}
