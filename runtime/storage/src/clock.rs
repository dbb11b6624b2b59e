//! Where the present comes from.

use std::time::{SystemTime, UNIX_EPOCH};

use driftline_core::{Span, Time};

/// Tells the time; tests hand in one that they turn themselves.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Span::from_micros(micros).map_or(Time::EPOCH, |span| Time::EPOCH.after(span))
    }
}
