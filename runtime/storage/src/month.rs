//! Calendar months in UTC.

use jiff::{Timestamp, ToSpan, Zoned, tz::TimeZone};

/// The first microsecond of the month that holds `micros`.
pub(crate) fn start(micros: i64) -> i64 {
    first(micros).map_or(i64::MIN, |first| first.timestamp().as_microsecond())
}

/// The first microsecond after the month that holds `micros`.
pub(crate) fn end(micros: i64) -> i64 {
    let next = first(micros).and_then(|first| first.checked_add(1.month()));
    next.map_or(i64::MAX, |next| next.timestamp().as_microsecond())
}

fn first(micros: i64) -> Result<Zoned, jiff::Error> {
    Timestamp::from_microsecond(micros)?.to_zoned(TimeZone::UTC).first_of_month()?.start_of_day()
}

#[cfg(test)]
mod tests {
    use driftline_core::Time;

    use super::*;

    #[test]
    fn a_month_ends_where_the_next_one_starts() {
        for (inside, from, to) in [
            ("2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z", "2001-02-01T00:00:00Z"),
            ("2000-02-29T23:59:59.999999Z", "2000-02-01T00:00:00Z", "2000-03-01T00:00:00Z"),
            ("1969-12-31T23:00:00Z", "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ] {
            let micros = |text: &str| text.parse::<Time>().expect("a time").micros();
            assert_eq!((start(micros(inside)), end(micros(inside))), (micros(from), micros(to)), "{inside}");
        }
        assert_eq!(end(Timestamp::MAX.as_microsecond()), i64::MAX);
    }
}
