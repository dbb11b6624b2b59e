//! Instants as a time zone's clocks show them.

use driftline_core::Time;
use jiff::{RoundMode, Timestamp, ToSpan, Unit, Zoned, ZonedRound, tz::TimeZone};

use crate::wire::{PeriodUnit, Schedule};

/// The time zone of a schedule; UTC unless told.
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

/// The start of the hour, day, week or month that holds the instant.
pub fn start_of(unit: PeriodUnit, at: &Zoned) -> Option<Zoned> {
    let whole = match unit {
        PeriodUnit::Hour => {
            return at.round(ZonedRound::new().smallest(Unit::Hour).mode(RoundMode::Trunc)).ok();
        }
        PeriodUnit::Day => at.clone(),
        PeriodUnit::Week => at.checked_sub(i64::from(at.weekday().to_monday_zero_offset()).days()).ok()?,
        PeriodUnit::Month => at.first_of_month().ok()?,
    };
    whole.start_of_day().ok()
}

/// The start of the period before the one that starts at `start`.
pub fn before(unit: PeriodUnit, start: &Zoned) -> Option<Zoned> {
    let earlier = match unit {
        PeriodUnit::Hour => start.checked_sub(1.hour()),
        PeriodUnit::Day => start.checked_sub(1.day()),
        PeriodUnit::Week => start.checked_sub(1.week()),
        PeriodUnit::Month => start.checked_sub(1.month()),
    };
    start_of(unit, &earlier.ok()?)
}

/// The start of the period after the one that starts at `start`.
pub fn after(unit: PeriodUnit, start: &Zoned) -> Option<Zoned> {
    let later = match unit {
        PeriodUnit::Hour => start.checked_add(1.hour()),
        PeriodUnit::Day => start.checked_add(1.day()),
        PeriodUnit::Week => start.checked_add(1.week()),
        PeriodUnit::Month => start.checked_add(1.month()),
    };
    start_of(unit, &later.ok()?)
}
