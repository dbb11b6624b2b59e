//! Which instants become runs, as a table.

use driftline_core::{Name, Span, Time};

use super::{CatchUp, Instants, plan::plan};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// Due at every whole hour, up to an end.
struct Hourly {
    catch_up: CatchUp,
    last: i64,
}

impl Instants for Hourly {
    fn next_after(&self, time: Time) -> Option<Time> {
        let next = (time.micros().div_euclid(HOUR) + 1) * HOUR;
        (next <= self.last).then(|| at(next))
    }

    fn catch_up(&self) -> CatchUp {
        self.catch_up
    }

    fn jitter(&self, _: &Name, _: &Name) -> Option<Span> {
        None
    }
}

fn at(micros: i64) -> Time {
    Time::from_micros(micros).expect("a time")
}

fn hour(time: Time) -> i64 {
    assert_eq!(time.micros() % HOUR, 0);
    time.micros() / HOUR
}

#[test]
fn instants_that_nobody_saw_come_are_caught_up_by_policy() {
    use CatchUp::{All, Latest, None as Nothing};
    // From and now in minutes; the hours that run, the first and last that are passed over, up to when, and the next.
    type Case = (CatchUp, (i64, i64), &'static [i64], Option<(i64, i64)>, i64, Option<i64>);
    let table: &[Case] = &[
        (Latest, (0, 59), &[], None, 0, Some(1)),
        (Latest, (0, 60), &[1], None, 60, Some(2)),
        (Latest, (60, 60), &[], None, 60, Some(2)),
        (Latest, (60, 119), &[], None, 60, Some(2)),
        (Latest, (30, 150), &[2], Some((1, 1)), 120, Some(3)),
        (Latest, (0, 60 * 24 * 400), &[9_600], Some((1, 9_599)), 60 * 9_600, Some(9_601)),
        (All, (30, 250), &[1, 2, 3, 4], None, 240, Some(5)),
        (Nothing, (0, 60), &[1], None, 60, Some(2)),
        (Nothing, (0, 61), &[1], None, 60, Some(2)),
        (Nothing, (0, 63), &[], Some((1, 1)), 60, Some(2)),
        (Nothing, (0, 180), &[3], Some((1, 2)), 180, Some(4)),
        (Nothing, (0, 200), &[], Some((1, 3)), 180, Some(4)),
        // The clock was set back: nothing runs again, and nothing is passed over.
        (All, (300, 130), &[], None, 300, Some(6)),
        (Latest, (300, 130), &[], None, 300, Some(6)),
        (Nothing, (300, 130), &[], None, 300, Some(6)),
        // A schedule that ends.
        (Latest, (60 * 99_998, 60 * 99_999), &[99_999], None, 60 * 99_999, Some(100_000)),
        (Latest, (60 * 99_999, 60 * 100_010), &[100_000], None, 60 * 100_000, None),
        (All, (60 * 100_000, 60 * 100_010), &[], None, 60 * 100_000, None),
    ];
    for (catch_up, (from, now), runs, skipped, until, next) in table {
        let hourly = Hourly { catch_up: *catch_up, last: 100_000 * HOUR };
        let found = plan(&hourly, at(from * MINUTE), at(now * MINUTE));
        let what = format!("{catch_up:?} from {from} to {now}: {found:?}");
        assert_eq!(found.runs.iter().map(|due| hour(*due)).collect::<Vec<_>>(), *runs, "{what}");
        assert_eq!(found.skipped.map(|(first, last)| (hour(first), hour(last))), *skipped, "{what}");
        assert_eq!((found.until, found.next.map(hour)), (at(until * MINUTE), *next), "{what}");
    }
}

#[test]
fn a_long_history_is_caught_up_piece_by_piece() {
    let hourly = Hourly { catch_up: CatchUp::All, last: i64::MAX / 2 };
    let now = at(1_234 * HOUR);
    let (mut from, mut runs) = (at(0), Vec::new());
    loop {
        let found = plan(&hourly, from, now);
        if found.runs.is_empty() {
            break;
        }
        assert!(found.runs.len() <= 500);
        from = found.until;
        runs.extend(found.runs.into_iter().map(hour));
    }
    assert_eq!(runs, (1..=1_234).collect::<Vec<_>>());
}
