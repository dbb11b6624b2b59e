//! Instants as a time zone's clocks show them.

use driftline_core::Time;
use jiff::{
    Timestamp, ToSpan, Zoned, civil,
    tz::{AmbiguousOffset, TimeZone},
};

use crate::wire::{PeriodUnit, Schedule};

/// The time zone of a schedule; UTC unless told. The system's database wins where it has one; else the one in the binary.
///
/// # Errors
/// What it is not.
pub fn zone(schedule: Option<&Schedule>) -> Result<TimeZone, String> {
    match schedule.and_then(|schedule| schedule.time_zone.as_deref()) {
        None => Ok(TimeZone::UTC),
        Some(name) => TimeZone::get(name).map_err(|_| {
            format!("`{name}` is no time zone: write a name of the IANA database, such as Europe/Vienna or UTC")
        }),
    }
}

/// The instant as the zone's clocks show it.
pub fn local(time: Time, zone: &TimeZone) -> Option<Zoned> {
    Timestamp::from_microsecond(time.micros()).ok().map(|at| at.to_zoned(zone.clone()))
}

/// The instant that clocks show.
pub fn instant(zoned: &Zoned) -> Option<Time> {
    Time::from_micros(zoned.timestamp().as_microsecond()).ok()
}

/// The first instant at which clocks show `clock` or, when they leave it out, a later time.
pub fn first_instant(clock: civil::DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(clock);
    if !matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return ambiguous.earlier().ok();
    }
    let after_gap = ambiguous.later().ok()?.checked_add(1.nanosecond()).ok()?;
    zone.preceding(after_gap).next().map(|change| change.timestamp())
}

/// The start of the hour, day, week or month that holds the instant. Hours start where clocks show a full one: where they
/// are changed by half an hour, one lasts half an hour more or less.
pub fn start_of(unit: PeriodUnit, at: &Zoned) -> Option<Zoned> {
    let date = match unit {
        PeriodUnit::Hour => return full_hour(at),
        PeriodUnit::Day => at.date(),
        PeriodUnit::Week => at.date().checked_sub(i64::from(at.weekday().to_monday_zero_offset()).days()).ok()?,
        PeriodUnit::Month => at.date().first_of_month(),
    };
    Some(first_instant(date.at(0, 0, 0, 0), at.time_zone())?.to_zoned(at.time_zone().clone()))
}

fn full_hour(at: &Zoned) -> Option<Zoned> {
    let zone = at.time_zone();
    let clock = at.datetime();
    let start = at.offset().to_timestamp(clock.date().at(clock.hour(), 0, 0, 0)).ok()?;
    let just_after = at.timestamp().checked_add(1.nanosecond()).ok()?;
    match zone.preceding(just_after).next().map(|change| change.timestamp()) {
        // The clocks were changed within this hour.
        Some(change) if change > start => full_hour(&change.checked_sub(1.nanosecond()).ok()?.to_zoned(zone.clone())),
        _ => Some(start.to_zoned(zone.clone())),
    }
}

/// The start of the period before the one that starts at `start`.
pub fn before(unit: PeriodUnit, start: &Zoned) -> Option<Zoned> {
    start_of(unit, &start.checked_sub(1.nanosecond()).ok()?)
}

/// The start of the period after the one that starts at `start`.
pub fn after(unit: PeriodUnit, start: &Zoned) -> Option<Zoned> {
    let later = match unit {
        PeriodUnit::Hour => 1.hour(),
        PeriodUnit::Day => 1.day(),
        PeriodUnit::Week => 1.week(),
        PeriodUnit::Month => 1.month(),
    };
    let mut at = start.clone();
    loop {
        at = at.checked_add(later).ok()?;
        let next = start_of(unit, &at)?;
        if next > *start {
            return Some(next);
        }
    }
}
