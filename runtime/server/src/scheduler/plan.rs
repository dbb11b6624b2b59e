//! Which of the instants that have passed become runs: pure, from a schedule and two times.

use driftline_core::{Span, Time};

use super::agenda::{CatchUp, Instants};

/// The most runs that become due of one watch at once; the rest follow.
const MOST: usize = 500;
/// An instant is no longer caught up but seen come when it passed no longer ago than this.
const SEEN_COME_MICROS: i64 = 60_000_000;

/// What becomes of the instants up to now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Those that become runs.
    pub runs: Vec<Time>,
    /// The first and the last of those that are passed over.
    pub skipped: Option<(Time, Time)>,
    /// Up to when this says what becomes of them.
    pub until: Time,
    /// The next instant after that.
    pub next: Option<Time>,
}

/// What becomes of the instants after `from` up to `now`.
pub fn plan(instants: &dyn Instants, from: Time, now: Time) -> Plan {
    let first = instants.next_after(from).filter(|first| *first <= now);
    let Some(first) = first else {
        return Plan { runs: Vec::new(), skipped: None, until: from, next: instants.next_after(from) };
    };
    if instants.catch_up() == CatchUp::All {
        let runs: Vec<Time> = up_to(instants, first, now).take(MOST).collect();
        let until = runs.last().copied().unwrap_or(first);
        return Plan { runs, skipped: None, until, next: instants.next_after(until) };
    }
    let last = last(instants, first, now);
    let seen_come = Span::from_micros(SEEN_COME_MICROS).is_some_and(|span| last.after(span) >= now);
    let is_run = instants.catch_up() == CatchUp::Latest || seen_come;
    let skipped = match (is_run, last > first) {
        (false, _) => Some((first, last)),
        (true, true) => Some((first, before(instants, first, last))),
        (true, false) => None,
    };
    Plan { runs: if is_run { vec![last] } else { Vec::new() }, skipped, until: last, next: instants.next_after(last) }
}

fn up_to(instants: &dyn Instants, first: Time, now: Time) -> impl Iterator<Item = Time> + '_ {
    std::iter::successors(Some(first), move |time| instants.next_after(*time)).take_while(move |time| *time <= now)
}

/// The last instant up to `end`, of which `first` is one; looks back from the end, ever further.
fn last(instants: &dyn Instants, first: Time, end: Time) -> Time {
    let mut back = 60_000_000;
    loop {
        let from = Span::from_micros(back).map_or(first, |span| end.before(span));
        if from <= first {
            return up_to(instants, first, end).last().unwrap_or(first);
        }
        if let Some(found) = instants.next_after(from).filter(|found| *found <= end) {
            return up_to(instants, found, end).last().unwrap_or(found);
        }
        back *= 2;
    }
}

/// The instant before `last`, after or at `first`.
fn before(instants: &dyn Instants, first: Time, last: Time) -> Time {
    let just_before = Span::from_micros(1).map_or(last, |span| last.before(span));
    self::last(instants, first, just_before)
}
