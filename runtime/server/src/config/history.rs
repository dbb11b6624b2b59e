//! For how long what monitors did is kept.

use driftline_core::{Span, Time};

/// For how many days what monitors did is kept; 0 for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Runs, deliveries and silences after their end.
    pub run_days: u32,
    /// The evaluations of runs, with their charts and aggregates, but for the last of each monitor and model, and those
    /// from the time of an alert that is open.
    pub evaluation_days: u32,
    /// Results after they were replaced or last found to hold, and alerts after they were resolved.
    pub result_days: u32,
}

impl Default for History {
    fn default() -> Self {
        // Results are kept for longer than a year, so that one can look back a year.
        Self { run_days: 90, evaluation_days: 30, result_days: 400 }
    }
}

impl History {
    /// The instant so many days before `now`; none for 0 days.
    pub fn before(now: Time, days: u32) -> Option<Time> {
        Span::from_micros(i64::from(days) * 86_400_000_000).map(|span| now.before(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_days_are_for_ever() {
        let now: Time = "2024-03-01T00:00:00Z".parse().expect("a time");
        assert_eq!(History::before(now, 1).map(|time| time.to_string()), Some("2024-02-29T00:00:00Z".into()));
        assert_eq!(History::before(now, 0), None);
    }
}
