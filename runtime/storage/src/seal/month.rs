//! Calendar months in UTC, at whose ends segments are cut.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// The first microsecond after the month that holds `micros`.
pub(crate) fn end(micros: i64) -> i64 {
    let next = Timestamp::from_microsecond(micros)
        .and_then(|time| time.to_zoned(TimeZone::UTC).first_of_month())
        .and_then(|first| first.start_of_day())
        .and_then(|first| first.checked_add(1.month()));
    next.map_or(i64::MAX, |next| next.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use driftline_core::Time;

    use super::*;

    #[test]
    fn a_month_ends_where_the_next_one_starts() {
        for (inside, after) in [
            ("2001-01-01T00:00:00Z", "2001-02-01T00:00:00Z"),
            ("2000-02-29T23:59:59.999999Z", "2000-03-01T00:00:00Z"),
            ("1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z"),
        ] {
            let micros = |text: &str| text.parse::<Time>().expect("a time").micros();
            assert_eq!(end(micros(inside)), micros(after), "{inside}");
        }
        assert_eq!(end(Timestamp::MAX.as_microsecond()), i64::MAX);
    }
}
