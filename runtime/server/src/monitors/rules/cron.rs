//! Cron schedules: minute, hour, day of month, month, day of week, as a time zone's clocks show them.
//!
//! croner knows what the fields say: besides lists, ranges and steps also `L`, the last day of the month, `15W`, the working
//! day closest to the 15th, `LW`, the last working day, `fri#2`, the second Friday, and `friL`, the last one. What follows
//! from changes of clocks is ours.
//!
//! A local time that a change of clocks leaves out runs at the first instant after the gap; one that comes twice runs once,
//! at the first. Schedules whose hour begins with `*` follow real time instead: they run whenever the clocks show a time of
//! theirs, twice if that comes twice, and not for hours that are left out. As in Vixie's cron, a day fits when its day of
//! month or its day of week does, if neither begins with `*`, and otherwise when both do.

use croner::parser::{CronParser, Seconds, Year};
use driftline_core::Time;
use jiff::{Timestamp, ToSpan, civil, tz::TimeZone};

use super::zone;

/// A schedule by the clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Cron {
    pattern: croner::Cron,
    every_hour: bool,
    zone: TimeZone,
}

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
        let found: Vec<&str> = fields.split_whitespace().collect();
        let [_, hour, day, _, weekday] = found[..] else {
            return Err(format!(
                "`{text}` has {} fields: write five (minute, hour, day of month, month, day of week), or @daily",
                found.len()
            ));
        };
        let is_any = |field: &str| field.starts_with(['*', '?']);
        let both = is_any(day) || is_any(weekday);
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).sloppy_ranges(true);
        let parser = parser.dom_and_dow(both).build();
        for (field, text) in FIELDS.iter().zip(&found) {
            // Alone, so that it is known which one is wrong.
            let alone: Vec<&str> = FIELDS.iter().map(|other| if other == field { text } else { "*" }).collect();
            if !field.is_spelled(text) || parser.parse(&alone.join(" ")).is_err() {
                return Err(format!("`{text}` is no {}: write {}", field.name, field.hint));
            }
        }
        let pattern = parser.parse(fields).map_err(|error| format!("`{text}` is no schedule: {error}"))?;
        let cron = Self { pattern, every_hour: hour.starts_with('*'), zone };
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
        let minute = clock.date().at(clock.hour(), clock.minute(), 0, 0);
        let clock = if is_whole { minute } else { minute.checked_add(1.minute()).ok()? };
        self.pattern.find_next_occurrence(&clock, true).ok()
    }
}

/// A field of a schedule.
#[derive(PartialEq)]
struct Field {
    name: &'static str,
    hint: &'static str,
    /// Words that stand for a number.
    words: &'static [&'static str],
    /// Words that stand for a day.
    days: &'static [&'static str],
    /// What may follow a number.
    suffix: Option<char>,
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        hint: "0 to 59, `*`, a range such as 0-29, a list, or a step such as */15",
        words: &[],
        days: &[],
        suffix: None,
    },
    Field {
        name: "hour",
        hint: "0 to 23, `*`, a range such as 8-17, a list, or a step such as */2",
        words: &[],
        days: &[],
        suffix: None,
    },
    Field {
        name: "day of month",
        hint: "1 to 31, `*`, a range such as 1-7, a list, a step such as */2, `L` (the last day), `15W` (the working day \
               closest to the 15th) or `LW` (the last working day)",
        words: &[],
        days: &["?", "l", "lw"],
        suffix: Some('w'),
    },
    Field {
        name: "month",
        hint: "1 to 12, `jan` to `dec`, `*`, a range such as 1-6, a list, or a step such as */3",
        words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        days: &[],
        suffix: None,
    },
    Field {
        name: "day of week",
        hint: "0 to 7 (Sunday is 0 and 7), `sun` to `sat`, `*`, a range such as mon-fri, a list, `fri#2` (the second \
               Friday of the month) or `friL` (the last one)",
        words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        days: &["?"],
        suffix: Some('l'),
    },
];

impl Field {
    /// Whether all its words are words of this field: croner takes the names of months and days anywhere, also in the middle
    /// of others, and lists with nothing between their commas.
    fn is_spelled(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        // The last one, written as the second one is.
        let text = if self.suffix == Some('l') { text.replace("#l", "l") } else { text };
        text.split([',', '-', '/', '#']).all(|word| {
            let number = self.suffix.and_then(|suffix| word.strip_suffix(suffix)).unwrap_or(word);
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            word == "*" || is_number || self.words.contains(&number) || self.days.contains(&word)
        })
    }
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
            "@reboot",
            // Seconds, years.
            "0 5 * * * *",
            "0 5 * * * 2030 *",
            // Nothing between commas, names where they mean nothing, names that are none.
            "1,,2 * * * *",
            ", * * * *",
            "0 mon * * *",
            "0 0 jan * *",
            "0 0 * * january",
            "0 0 * 1jan *",
            "0 0 * * monday",
            "0 0 * * 1mon",
            "0 0 * * +mon",
            "/10 * * * *",
            // L, W and # that mean nothing.
            "L * * * *",
            "0 L * * *",
            "0 0 * L *",
            "0 0 * * L",
            "0 0 * * 5W",
            "0 0 1-5W * *",
            "0 0 32W * *",
            "0 0 W * *",
            "0 0 1#2 * *",
            "0 0 * * mon#6",
            "0 0 * * mon#0",
            "0 0 * * 8#1",
        ] {
            assert!(Cron::parse(text, TimeZone::UTC).is_err(), "{text}");
        }
        for (text, part) in [
            ("60 * * * *", "`60` is no minute: write 0 to 59"),
            ("0 24 * * *", "`24` is no hour"),
            ("0 0 32 * *", "`32` is no day of month"),
            ("0 0 * 13 *", "`13` is no month"),
            ("0 0 * * mon#9", "`mon#9` is no day of week"),
        ] {
            let why = Cron::parse(text, TimeZone::UTC).expect_err(text);
            assert!(why.contains(part), "{why}");
        }
    }
}
