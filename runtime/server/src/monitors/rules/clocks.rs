//! Zones and instants around which their clocks change, for tests.

use driftline_core::Time;
use jiff::tz::TimeZone;

/// Zones that change their clocks by whole and half hours, at midnight, by a day, and not at all.
pub static ZONES: [&str; 6] =
    ["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"];
/// Changes of clocks, around which time is strange.
pub static CHANGES: [&str; 8] = [
    "2024-03-31T01:00:00Z",
    "2024-10-27T01:00:00Z",
    "2024-03-10T07:00:00Z",
    "2024-11-03T06:00:00Z",
    "2024-10-05T15:30:00Z",
    "2024-04-06T15:00:00Z",
    "2018-11-04T03:00:00Z",
    "2011-12-30T10:00:00Z",
];

/// An instant.
pub fn time(text: &str) -> Time {
    text.parse().expect("a time")
}

/// A zone by its name.
pub fn in_zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

/// So many seconds after a change of clocks.
pub fn near(change: &str, seconds: i64) -> Time {
    Time::from_micros(time(change).micros() + seconds * 1_000_000).expect("a time")
}
