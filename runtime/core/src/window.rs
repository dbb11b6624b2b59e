//! Half-open ranges of prediction time.

use std::fmt;

use crate::{Span, Time};

/// The half-open range `[start, end)`; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    start: Time,
    end: Time,
}

/// Why two instants do not make a [`Window`], or a window cannot be cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The end is not after the start.
    #[error("the window ends at {end}, which is not after its start {start}: swap or widen them")]
    Empty {
        /// The given start.
        start: Time,
        /// The given end.
        end: Time,
    },
    /// Cutting would give too many periods.
    #[error("cutting the window gives {periods} periods, more than {limit}: use a longer `every` or a shorter window")]
    TooManyPeriods {
        /// How many periods were asked for.
        periods: u64,
        /// How many are allowed.
        limit: u64,
    },
}

impl Window {
    /// The range from `start` up to, and without, `end`.
    ///
    /// # Errors
    /// [`WindowError::Empty`] unless `start < end`.
    pub fn new(start: Time, end: Time) -> Result<Self, WindowError> {
        if start < end { Ok(Self { start, end }) } else { Err(WindowError::Empty { start, end }) }
    }

    /// The first instant inside.
    pub fn start(&self) -> Time {
        self.start
    }

    /// The first instant after.
    pub fn end(&self) -> Time {
        self.end
    }

    /// Whether `time` lies inside.
    pub fn contains(&self, time: Time) -> bool {
        self.start <= time && time < self.end
    }

    /// Cuts the window into periods of length `every`, aligned to its start; the last may be shorter.
    ///
    /// # Errors
    /// [`WindowError::TooManyPeriods`] when there would be more than `limit`.
    pub fn split(&self, every: Span, limit: u64) -> Result<Vec<Self>, WindowError> {
        let length = self.end.micros().abs_diff(self.start.micros());
        let periods = length.div_ceil(every.micros().unsigned_abs());
        if periods > limit {
            return Err(WindowError::TooManyPeriods { periods, limit });
        }
        let mut parts = Vec::new();
        let mut start = self.start;
        while start < self.end {
            let end = start.after(every).min(self.end);
            parts.push(Self { start, end });
            start = end;
        }
        Ok(parts)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: i64, end: i64) -> Window {
        Window::new(Time::from_micros(start).expect("valid"), Time::from_micros(end).expect("valid")).expect("valid")
    }

    #[test]
    fn splits_into_aligned_periods_with_a_short_last_one() {
        let every = Span::from_micros(4).expect("positive");
        assert_eq!(window(1, 11).split(every, 10), Ok(vec![window(1, 5), window(5, 9), window(9, 11)]));
        assert_eq!(window(0, 4).split(every, 10), Ok(vec![window(0, 4)]));
        assert!(matches!(
            window(0, 400).split(every, 10),
            Err(WindowError::TooManyPeriods { periods: 100, limit: 10 })
        ));
    }

    #[test]
    fn refuses_to_end_before_it_starts() {
        let zero = Time::from_micros(0).expect("valid");
        assert!(Window::new(zero, zero).is_err());
    }
}
