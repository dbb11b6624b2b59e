//! How much time one kept state stands for.

use std::fmt;

use driftline_core::{Time, Window};
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// The length of time that one kept state stands for, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// A whole hour.
    Hour,
    /// A whole day.
    Day,
    /// A calendar month.
    Month,
}

const HOUR_MICROS: i64 = 3_600_000_000;
pub(crate) const DAY_MICROS: i64 = 24 * HOUR_MICROS;

impl Grain {
    pub(crate) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Hour => 0,
            Self::Day => 1,
            Self::Month => 2,
        }
    }

    /// The smallest grain that `window` fits in.
    pub fn of(window: Window) -> Self {
        match window.end().micros().abs_diff(window.start().micros()) {
            length if length <= HOUR_MICROS.unsigned_abs() => Self::Hour,
            length if length <= DAY_MICROS.unsigned_abs() => Self::Day,
            _ => Self::Month,
        }
    }

    /// The hour, day or month that holds `time`; cut off at the ends of the calendar.
    pub fn around(self, time: Time) -> Window {
        let ends = match self {
            Self::Hour => steps(time, HOUR_MICROS),
            Self::Day => steps(time, DAY_MICROS),
            Self::Month => month(time),
        };
        ends.and_then(|(start, end)| Window::new(start, end).ok()).unwrap_or_else(|| whole(time))
    }
}

fn steps(time: Time, length: i64) -> Option<(Time, Time)> {
    let start = time.micros().div_euclid(length) * length;
    Time::from_micros(start).ok().zip(Time::from_micros(start + length).ok())
}

fn month(time: Time) -> Option<(Time, Time)> {
    let zoned = Timestamp::from_microsecond(time.micros()).ok()?.to_zoned(TimeZone::UTC);
    let first = zoned.first_of_month().ok()?.start_of_day().ok()?;
    let next = first.checked_add(1.month()).ok()?;
    let time = |zoned: &jiff::Zoned| Time::from_micros(zoned.timestamp().as_microsecond()).ok();
    time(&first).zip(time(&next))
}

/// A window around a time whose hour, day or month reaches beyond the calendar.
fn whole(time: Time) -> Window {
    let (start, end) = (time.micros() - HOUR_MICROS, time.micros() + 1);
    let near = |micros| Time::from_micros(micros).unwrap_or(time);
    Window::new(near(start), near(end)).unwrap_or_else(|_| all())
}

/// The whole calendar.
pub(crate) fn all() -> Window {
    let far = driftline_core::Span::from_micros(i64::MAX);
    let ends = far.map(|far| (Time::EPOCH.before(far), Time::EPOCH.after(far)));
    match ends.and_then(|(start, end)| Window::new(start, end).ok()) {
        Some(window) => window,
        None => unreachable!("the calendar does not end before it starts"),
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_days_and_months_hold_their_times() {
        let time = |text: &str| text.parse::<Time>().expect("a time");
        for (grain, inside, start, end) in [
            (Grain::Hour, "2001-02-28T23:59:59.999999Z", "2001-02-28T23:00:00Z", "2001-03-01T00:00:00Z"),
            (Grain::Day, "1969-12-31T00:00:00Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"),
            (Grain::Month, "2000-02-29T12:00:00Z", "2000-02-01T00:00:00Z", "2000-03-01T00:00:00Z"),
        ] {
            let window = grain.around(time(inside));
            assert_eq!(window, Window::new(time(start), time(end)).expect("a window"), "{grain}");
            assert_eq!(Grain::of(window), grain);
        }
    }
}
