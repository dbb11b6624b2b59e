//! Instants and lengths of time, both in microseconds.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(i64);

/// A positive length of time in microseconds, written as `7d`, `12h`, `15m`, `30s`, `2w` or `500ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span(i64);

/// A text that is neither a [`Time`] nor a [`Span`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an RFC 3339 instant.
    #[error("`{0}` is not a time: write RFC 3339 with an offset, such as 2001-02-01T00:00:00Z, or epoch milliseconds")]
    Time(String),
    /// Not a length of time.
    #[error("`{0}` is not a duration: write a whole number and a unit, such as 7d, 12h, 15m or 30s")]
    Span(String),
}

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The instant that is `micros` microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// When it lies outside the years -9999 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimeError> {
        Timestamp::from_microsecond(micros).map(|_| Self(micros)).map_err(|_| TimeError::Time(format!("{micros} µs")))
    }

    /// The instant that is `millis` milliseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// When it lies outside the years -9999 to 9999.
    pub fn from_millis(millis: i64) -> Result<Self, TimeError> {
        let micros = millis.checked_mul(1000).ok_or_else(|| TimeError::Time(format!("{millis} ms")))?;
        Self::from_micros(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The instant `span` later; saturates at the ends of the calendar.
    pub fn after(self, span: Span) -> Self {
        self.shifted(span.0)
    }

    /// The instant `span` earlier; saturates at the ends of the calendar.
    pub fn before(self, span: Span) -> Self {
        self.shifted(-span.0)
    }

    fn shifted(self, micros: i64) -> Self {
        let (min, max) = (Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond());
        Self(self.0.saturating_add(micros).clamp(min, max))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let timestamp: Timestamp = text.parse().map_err(|_| TimeError::Time(text.chars().take(80).collect()))?;
        Ok(Self(timestamp.as_microsecond()))
    }
}

impl Span {
    /// A span of `micros` microseconds; `None` unless positive.
    pub fn from_micros(micros: i64) -> Option<Self> {
        (micros > 0).then_some(Self(micros))
    }

    /// The length in microseconds, always positive.
    pub fn micros(self) -> i64 {
        self.0
    }
}

const UNITS: [(&str, i64); 6] = [
    ("ms", 1_000),
    ("w", 604_800_000_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
];

impl FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError::Span(text.chars().take(80).collect());
        let (digits, unit) = UNITS
            .iter()
            .find_map(|(suffix, micros)| Some((text.strip_suffix(suffix)?, *micros)))
            .filter(|(digits, _)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
            .ok_or_else(error)?;
        let count: i64 = digits.parse().map_err(|_| error())?;
        count.checked_mul(unit).and_then(Self::from_micros).ok_or_else(error)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = ["w", "d", "h", "m", "s", "ms"]
            .iter()
            .filter_map(|name| UNITS.iter().find(|(unit, _)| unit == name))
            .find(|(_, micros)| self.0 % micros == 0);
        match longest {
            Some((unit, micros)) => write!(f, "{}{unit}", self.0 / micros),
            None => write!(f, "{}us", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_parse_and_print() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("2001-02-01T00:00:00.000001Z", 980_985_600_000_001),
        ] {
            assert_eq!(text.parse::<Time>().map(Time::micros), Ok(micros), "{text}");
        }
        assert_eq!(Time::from_millis(980_985_600_000).map(|t| t.to_string()), Ok("2001-02-01T00:00:00Z".into()));
        for bad in ["", "2001-02-30T00:00:00Z", "2001-02-01", "2001-02-01T00:00:00", "yesterday"] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
        assert!(Time::from_millis(i64::MAX).is_err());
    }

    #[test]
    fn spans_parse_and_print() {
        for (text, micros) in
            [("7d", 604_800_000_000), ("12h", 43_200_000_000), ("15m", 900_000_000), ("250ms", 250_000)]
        {
            assert_eq!(text.parse::<Span>().map(Span::micros), Ok(micros), "{text}");
        }
        assert_eq!("7d".parse::<Span>().map(|s| s.to_string()), Ok("1w".into()));
        assert_eq!("36h".parse::<Span>().map(|s| s.to_string()), Ok("36h".into()));
        for bad in ["", "d", "0d", "-1d", "1.5h", "7 d", "7y", "99999999999999999w", "é"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
