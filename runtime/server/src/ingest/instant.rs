//! Instants as rows write them: RFC 3339 text or epoch milliseconds, to microseconds.

use driftline_core::{Time, TimeError};

/// Microseconds of an RFC 3339 text.
///
/// # Errors
/// When the text is no instant.
pub fn from_text(text: &str) -> Result<i64, TimeError> {
    text.parse().map(Time::micros)
}

/// Microseconds of epoch milliseconds.
///
/// # Errors
/// When the instant lies outside the calendar.
pub fn from_millis(millis: i64) -> Result<i64, TimeError> {
    Time::from_millis(millis).map(Time::micros)
}

/// The current instant.
pub fn now() -> Time {
    let now = jiff::Timestamp::now().as_microsecond();
    Time::from_micros(now).unwrap_or_else(|_| unreachable!("the present lies inside the calendar"))
}
