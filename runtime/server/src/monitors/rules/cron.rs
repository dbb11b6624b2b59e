//! Cron schedules: minute, hour, day of month, month, day of week, as a time zone's clocks show them.
//!
//! A local time that a change of clocks leaves out runs at the first instant after the gap; one that comes twice runs once,
//! at the first. Schedules whose hour begins with `*` follow real time instead: they run whenever the clocks show a time of
//! theirs, twice if that comes twice, and not for hours that are left out. As in Vixie's cron, a day fits when its day of
//! month or its day of week does, if neither begins with `*`, and otherwise when both do.

use driftline_core::Time;
use jiff::{Timestamp, ToSpan, civil, tz::TimeZone};

use super::zone;

/// A schedule by the clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    every_hour: bool,
    any_day: bool,
    any_weekday: bool,
    zone: TimeZone,
}

/// Leap days of a given weekday come within forty years.
const LONGEST_DAYS: u32 = 366 * 41;

impl Cron {
    /// Reads five fields, or `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`.
    ///
    /// # Errors
    /// Which field is wrong, and what it may be.
    pub fn parse(text: &str, zone: TimeZone) -> Result<Self, String> {
        let fields = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!(
                "`{text}` has {} fields: write five (minute, hour, day of month, month, day of week), or @daily",
                fields.len()
            ));
        };
        let weekdays = field(weekday, "day of week", 0, 7, &WEEKDAYS)?;
        let cron = Self {
            minutes: field(minute, "minute", 0, 59, &[])?,
            hours: field(hour, "hour", 0, 23, &[])?,
            days: field(day, "day of month", 1, 31, &[])?,
            months: field(month, "month", 1, 12, &MONTHS)?,
            // 7 is Sunday too.
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            every_hour: hour.starts_with('*'),
            any_day: day.starts_with('*'),
            any_weekday: weekday.starts_with('*'),
            zone,
        };
        if cron.next_after(Time::EPOCH).is_none() {
            return Err(format!("`{text}` never comes: no such day is in those months"));
        }
        Ok(cron)
    }

    /// The first due instant after `time`; `None` at the end of the calendar.
    pub fn next_after(&self, time: Time) -> Option<Time> {
        let time = Timestamp::from_microsecond(time.micros()).ok()?;
        let due = if self.every_hour { self.in_real_hours(time) } else { self.by_the_clock(time) };
        Time::from_micros(due?.as_microsecond()).ok()
    }

    /// The first instant after `time` that the clocks show as a time of the schedule, each such time counted once.
    fn by_the_clock(&self, time: Timestamp) -> Option<Timestamp> {
        let mut clock = self.zone.to_datetime(time);
        loop {
            let found = self.first_from(clock)?;
            let due = zone::first_instant(found, &self.zone)?;
            if due > time {
                return Some(due);
            }
            clock = found.checked_add(1.minute()).ok()?;
        }
    }

    /// The first instant after `time` at which the clocks show a time of the schedule, whether they do so again or not.
    /// Between two changes of clocks they run evenly.
    fn in_real_hours(&self, time: Timestamp) -> Option<Timestamp> {
        let mut from = time.checked_add(1.microsecond()).ok()?;
        loop {
            let offset = self.zone.to_offset(from);
            let due = offset.to_timestamp(self.first_from(offset.to_datetime(from))?).ok()?;
            match self.zone.following(from).next().map(|change| change.timestamp()) {
                Some(change) if change <= due => from = change,
                _ => return Some(due),
            }
        }
    }

    /// The first time of the schedule at or after `clock`, on clocks that nobody changes.
    fn first_from(&self, clock: civil::DateTime) -> Option<civil::DateTime> {
        let is_whole = clock.second() == 0 && clock.subsec_nanosecond() == 0;
        let clock = if is_whole { clock } else { clock.checked_add(1.minute()).ok()? };
        let (mut date, mut hour, mut minute) = (clock.date(), clock.hour(), clock.minute());
        for _ in 0..LONGEST_DAYS {
            if self.fits(date)
                && let Some((hour, minute)) = self.first_in_day(hour, minute)
            {
                return Some(date.at(hour, minute, 0, 0));
            }
            (date, hour, minute) = (date.tomorrow().ok()?, 0, 0);
        }
        None
    }

    fn first_in_day(&self, from_hour: i8, from_minute: i8) -> Option<(i8, i8)> {
        (from_hour..24).filter(|hour| has(self.hours, *hour)).find_map(|hour| {
            let from = if hour == from_hour { from_minute } else { 0 };
            (from..60).find(|minute| has(self.minutes, *minute)).map(|minute| (hour, minute))
        })
    }

    fn fits(&self, date: civil::Date) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let fits_day = if self.any_day || self.any_weekday { day && weekday } else { day || weekday };
        has(self.months, date.month()) && fits_day
    }
}

fn has(set: u64, bit: i8) -> bool {
    set >> bit & 1 == 1
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The set of a field's numbers as bits.
fn field(text: &str, name: &str, low: u32, high: u32, words: &[&str]) -> Result<u64, String> {
    let wrong = || {
        format!(
            "`{text}` is no {name}: write {low} to {high}, `*`, a range such as {low}-{high}, a list, or a step such as */2"
        )
    };
    let number = |text: &str| -> Option<u32> {
        let lower = text.to_ascii_lowercase();
        let word = words.iter().position(|word| *word == lower).and_then(|at| u32::try_from(at).ok());
        match word {
            Some(at) => Some(at + low),
            None if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            None => None,
        }
    };
    let mut set = 0_u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, number(step).filter(|step| *step > 0).ok_or_else(wrong)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => (number(first).ok_or_else(wrong)?, number(last).ok_or_else(wrong)?),
            None => {
                let only = number(range).ok_or_else(wrong)?;
                (only, if part.contains('/') { high } else { only })
            }
        };
        if first < low || last > high || first > last {
            return Err(wrong());
        }
        set |= (first..=last).step_by(step as usize).fold(0, |set, bit| set | 1 << bit);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_instants_follow_the_clocks() {
        // text, zone, after, the next ones
        for (text, zone, from, next) in [
            ("5 * * * *", "UTC", "2024-01-01T00:05:00Z", vec!["2024-01-01T01:05:00Z", "2024-01-01T02:05:00Z"]),
            ("@daily", "UTC", "2024-02-28T12:00:00Z", vec!["2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"]),
            ("0 0 29 2 *", "UTC", "2024-03-01T00:00:00Z", vec!["2028-02-29T00:00:00Z"]),
            ("0 0 31 * *", "UTC", "2024-03-31T00:00:00Z", vec!["2024-05-31T00:00:00Z"]),
            ("0 6 * * mon-fri", "UTC", "2024-03-29T06:00:00Z", vec!["2024-04-01T06:00:00Z"]),
            ("0 6 1 * 1", "UTC", "2024-03-29T06:00:00Z", vec!["2024-04-01T06:00:00Z", "2024-04-08T06:00:00Z"]),
            ("*/20 8-9 * * *", "UTC", "2024-01-01T09:30:00Z", vec!["2024-01-01T09:40:00Z", "2024-01-02T08:00:00Z"]),
            // 02:30 is left out: it runs when the clocks have gone forward, at 03:00.
            (
                "30 2 * * *",
                "Europe/Vienna",
                "2024-03-30T02:00:00Z",
                vec!["2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"],
            ),
            // 02:30 comes twice: once.
            (
                "30 2 * * *",
                "Europe/Vienna",
                "2024-10-26T12:00:00Z",
                vec!["2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"],
            ),
            // Hourly schedules run in every real hour.
            (
                "30 * * * *",
                "Europe/Vienna",
                "2024-10-26T23:30:00Z",
                vec!["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-10-27T02:30:00Z"],
            ),
            (
                "30 * * * *",
                "Europe/Vienna",
                "2024-03-31T00:00:00Z",
                vec!["2024-03-31T00:30:00Z", "2024-03-31T01:30:00Z"],
            ),
            (
                "0 0 * * 7",
                "America/New_York",
                "2024-11-02T00:00:00Z",
                vec!["2024-11-03T04:00:00Z", "2024-11-10T05:00:00Z"],
            ),
        ] {
            let cron = Cron::parse(text, TimeZone::get(zone).expect("a zone")).expect("a schedule");
            let mut at: Time = from.parse().expect("a time");
            for due in next {
                at = cron.next_after(at).expect("a next one");
                assert_eq!(at.to_string(), due, "{text} {zone} after {from}");
            }
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "0 0 30 2 *",
            "@often",
        ] {
            assert!(Cron::parse(text, TimeZone::UTC).is_err(), "{text}");
        }
    }
}
