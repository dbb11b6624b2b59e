//! Which states are due to become coarser.

use std::collections::BTreeMap;

use driftline_core::{Span, Time, Window};

use super::Room;
use crate::{Grain, grain::DAY_MICROS, rollup::RollUp};

/// States are kept by the hour for this long before the horizon,
const HOURS_KEPT: i64 = 7 * DAY_MICROS;
/// and by the day for this long.
const DAYS_KEPT: i64 = 90 * DAY_MICROS;
/// About how many bytes of states merge in one step.
const STEP_BYTES: u64 = 64 << 20;
/// States may take up one part in this many of what their rows took up.
const SHARE: u64 = 2;
/// What the states of a month may take up in any case.
const LITTLE_BYTES: u64 = 128 << 10;

/// Files that are to become one.
#[derive(Debug, PartialEq)]
pub(super) struct Due {
    pub grain: Grain,
    pub files: Vec<RollUp>,
    pub room: Option<Room>,
}

/// Hours that lie a week before the horizon; days that lie 90 days before it,
/// which join what there is of their month already.
pub(super) fn by_age(files: &[RollUp], horizon: Time) -> Option<Due> {
    let ago = |micros| Span::from_micros(micros).map_or(horizon, |span| horizon.before(span));
    let stages = [
        (Grain::Hour, Grain::Hour, Grain::Day, ago(HOURS_KEPT)),
        (Grain::Day, Grain::Month, Grain::Month, ago(DAYS_KEPT)),
    ];
    stages.into_iter().find_map(|(finest, coarsest, grain, limit)| {
        let limit = grain.around(limit).start();
        let old = files.iter().filter(|file| file.window.end() <= limit);
        let old = old.filter(|file| finest <= file.grain && file.grain <= coarsest);
        // Files of several months would wait for the last of them.
        let mut months = by_month(old).into_values();
        let due = months.find(|files| files.iter().any(|file| file.grain == finest))?;
        Some(Due { grain, files: one_step(due), room: None })
    })
}

/// The first month whose states take up more room than they may. They become no
/// coarser than days before the horizon has passed the month, and wait for a day's worth of hours.
pub(super) fn by_size(files: &[RollUp], horizon: Time) -> Option<Due> {
    by_month(files.iter()).into_iter().find_map(|(month, files)| {
        let month_is_over = month.end() <= horizon;
        let grain = if month_is_over { Grain::Month } else { Grain::Day };
        let files = one_step(files);
        let taken_bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let room = Room { bytes: (rows_bytes(&files)? / SHARE).max(LITTLE_BYTES), month_is_over };
        let is_enough = match month_is_over {
            true => files.iter().any(|file| file.grain < grain),
            false => hours(&files) >= DAY_MICROS,
        };
        (taken_bytes > room.bytes && is_enough).then_some(Due { grain, files, room: Some(room) })
    })
}

/// How many bytes the rows behind the files took up, where that is known of all.
pub(super) fn rows_bytes(files: &[RollUp]) -> Option<u64> {
    files.iter().map(|file| file.rows_bytes).sum()
}

/// How much time, in microseconds, lies between the first and the last of the states by the hour.
fn hours(files: &[RollUp]) -> i64 {
    let windows = || files.iter().filter(|file| file.grain == Grain::Hour).map(|file| file.window);
    let ends = windows().map(|w| w.start()).min().zip(windows().map(|w| w.end()).max());
    ends.map_or(0, |(start, end)| end.micros() - start.micros())
}

/// The files by the month in which they end.
fn by_month<'a>(files: impl Iterator<Item = &'a RollUp>) -> BTreeMap<Window, Vec<&'a RollUp>> {
    let moment = Span::from_micros(1);
    let mut months: BTreeMap<Window, Vec<&RollUp>> = BTreeMap::new();
    for file in files {
        let end = file.window.end();
        let month = Grain::Month.around(moment.map_or(end, |moment| end.before(moment)));
        months.entry(month).or_default().push(file);
    }
    months
}

/// The finest of the files, up to about [`STEP_BYTES`], but one at least.
fn one_step(mut files: Vec<&RollUp>) -> Vec<RollUp> {
    files.sort_by_key(|file| file.grain);
    let mut bytes = 0;
    let within = files.into_iter().take_while(|file| {
        bytes += file.bytes;
        bytes <= STEP_BYTES || bytes == file.bytes
    });
    within.cloned().collect()
}

#[cfg(test)]
mod tests {
    use driftline_core::Digest;
    use uuid::Uuid;

    use super::*;
    use crate::model::ModelId;

    fn time(text: &str) -> Time {
        format!("2024-{text}:00:00Z").parse().expect("a time")
    }

    /// A file with states of this grain from one hour to another; KiB of it and of its rows.
    fn file(grain: Grain, start: &str, end: &str, kib: u64, rows_kib: Option<u64>) -> RollUp {
        let window = Window::new(time(start), time(end)).expect("a window");
        let (bytes, rows_bytes) = (kib << 10, rows_kib.map(|kib| kib << 10));
        let (id, model, digest) = (Uuid::from_u128(1), ModelId(1), Digest::of(b""));
        RollUp { id, model, grain, window, states: 1, bytes, rows_bytes, digest }
    }

    #[test]
    fn states_that_take_much_room_become_coarser_before_their_time() {
        use Grain::{Day, Hour, Month};
        let march = |grain, kib, rows_kib| file(grain, "03-01T00", "03-31T10", kib, Some(rows_kib));
        let fifth = |start, end, kib| file(Hour, start, end, kib, Some(1000));
        for (why, files, horizon, expected) in [
            ("they take little room", vec![march(Hour, 500, 1000)], "04-01T00", None),
            ("their month is over", vec![march(Hour, 501, 1000)], "04-01T00", Some((Month, 1, true))),
            ("their month goes on", vec![march(Hour, 501, 1000)], "03-31T10", Some((Day, 1, false))),
            ("less than a day waits", vec![fifth("03-05T00", "03-05T23", 900)], "03-05T23", None),
            (
                "a day's worth of files",
                vec![fifth("03-05T00", "03-05T23", 900), fifth("03-05T23", "03-06T00", 900)],
                "03-06T00",
                Some((Day, 2, false)),
            ),
            ("they are by the day", vec![march(Day, 501, 1000)], "03-31T10", None),
            (
                "what came since is judged with what the month has, and merges with it",
                vec![file(Day, "03-01T00", "04-01T00", 500, Some(1000)), fifth("03-05T00", "03-06T00", 800)],
                "03-06T03",
                Some((Day, 2, false)),
            ),
            (
                "one month after the other",
                vec![march(Month, 900, 1000), file(Day, "04-01T00", "04-30T00", 900, Some(1000))],
                "05-01T00",
                Some((Month, 1, true)),
            ),
            ("next to nothing is kept", vec![march(Hour, 128, 10)], "04-01T00", None),
            ("an earlier release did not say", vec![file(Hour, "03-01T00", "03-31T10", 9999, None)], "04-01T00", None),
        ] {
            let due = by_size(&files, time(horizon));
            let found =
                due.as_ref().map(|due| (due.grain, due.files.len(), due.room.expect("it is about room").month_is_over));
            assert_eq!(found, expected, "{why}");
        }
    }

    #[test]
    fn old_states_become_coarser_and_join_their_month() {
        use Grain::{Day, Hour, Month};
        let of = |grain, start, end| file(grain, start, end, 1, None);
        for (files, horizon, expected) in [
            (vec![of(Hour, "03-05T00", "03-05T23")], "03-12T23", None),
            (vec![of(Hour, "03-05T00", "03-05T23")], "03-13T00", Some((Day, 1))),
            (vec![of(Hour, "03-05T00", "03-05T23"), of(Hour, "02-05T00", "02-05T23")], "03-13T00", Some((Day, 1))),
            (vec![of(Day, "03-05T00", "03-06T00")], "06-29T00", None),
            (vec![of(Day, "03-05T00", "03-06T00"), of(Month, "03-01T00", "04-01T00")], "06-30T00", Some((Month, 2))),
            (vec![of(Month, "03-01T00", "04-01T00")], "06-30T00", None),
        ] {
            let due = by_age(&files, time(horizon));
            assert_eq!(due.map(|due| (due.grain, due.files.len())), expected, "{files:?} before {horizon}");
        }
    }
}
