//! Equal bins over a range.

use driftline_sdk::{Error, Result};
use serde::{Deserialize, Serialize};

/// So many equal bins over a range; what lies outside counts in the end bins.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct EqualBins {
    count: u32,
    range: (f64, f64),
}

impl EqualBins {
    /// `count` bins, at least one, over `range`.
    ///
    /// # Errors
    /// When the range does not ascend.
    pub fn new(count: u32, range: (f64, f64)) -> Result<Self> {
        let (low, high) = range;
        match low < high && (high - low).is_finite() {
            true => Ok(Self { count: count.max(1), range }),
            false => Err(Error::parameters(format!("`range` is [{low}, {high}]: give the smaller end first"))),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// The bin of a number that is not NaN, counted from zero.
    pub fn place(&self, number: f64) -> usize {
        let (low, high) = self.range;
        // The conversion saturates, so infinities are at the ends too.
        let place = ((number - low) * (f64::from(self.count) / (high - low))) as usize;
        place.min(self.count() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_place() {
        let bins = EqualBins::new(4, (-1.0, 1.0)).expect("a range");
        for (number, place) in [(-1.0, 0), (-0.5, 1), (0.49, 2), (0.5, 3), (1.0, 3), (f64::INFINITY, 3), (-1e300, 0)] {
            assert_eq!(bins.place(number), place, "{number}");
        }
        for range in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (f64::MIN, f64::MAX)] {
            assert!(EqualBins::new(4, range).is_err(), "{range:?}");
        }
    }
}
