//! The stretches of time of a segment that are computed apart, so that a window that moves on needs few of them anew.
//!
//! A segment that lies within a period is one cell. One that a period cuts is taken apart by the calendar: UTC days
//! where all that the segment has of the day lies in the period, hours at its edges, and the rest of an hour that a
//! bound cuts. The next period, an hour later, has most of them in common with it. Which cells there are depends on the
//! segment's record and the period alone, so that the same states are merged whether or not some are kept.

use driftline_core::{Time, Window};

use crate::groups::{HOUR_MICROS, Periods};

const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// Smaller segments are not taken apart: to read one again costs less than to merge the states of its days.
const MIN_ROWS: u64 = 1 << 16;
/// The fewest rows that an hour has on average where days are taken apart into hours.
const MIN_HOUR_ROWS: u64 = 1 << 10;

/// A stretch of a segment that lies in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The period's number.
    pub period: u32,
    /// Its times; all there are when absent.
    pub window: Option<Window>,
}

/// What is known of a segment's rows without reading them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// The first row's time.
    pub first: Time,
    /// The last row's time.
    pub last: Time,
    pub rows: u64,
}

/// Whether a period that cuts a segment takes it apart.
pub(crate) fn is_taken_apart(extent: Extent) -> bool {
    extent.rows >= MIN_ROWS
}

/// The cells of a segment, in the order of time.
pub(crate) fn cells(extent: Extent, periods: &Periods) -> Vec<Cell> {
    let listed = periods.listed();
    let begin = listed.partition_point(|period| period.end() <= extent.first);
    let touched = (0..).zip(listed).skip(begin).take_while(|(_, period)| period.start() <= extent.last);
    let mut cells = Vec::new();
    for (number, period) in touched {
        let windows = windows(extent, period);
        cells.extend(windows.into_iter().map(|window| Cell { period: number, window }));
    }
    cells
}

fn windows(extent: Extent, period: &Window) -> Vec<Option<Window>> {
    let (start, end) = (period.start().micros(), period.end().micros());
    let whole = Stretch { from: extent.first.micros(), to: extent.last.micros().saturating_add(1) };
    let is_cut = |part: Stretch| part.from < start || end < part.to;
    if !is_cut(whole) {
        return vec![None];
    }
    let inside = Stretch { from: whole.from.max(start), to: whole.to.min(end) };
    if !is_taken_apart(extent) {
        return vec![inside.window()];
    }
    let hours = (whole.to - whole.from) / HOUR_MICROS + 1;
    let has_hours = extent.rows / hours.unsigned_abs() >= MIN_HOUR_ROWS;
    let mut parts = Vec::new();
    for day in inside.cut(DAY_MICROS) {
        match is_cut(day.calendar(DAY_MICROS).and(whole)) && has_hours {
            true => parts.extend(day.cut(HOUR_MICROS)),
            false => parts.push(day),
        }
    }
    parts.into_iter().map(Stretch::window).collect()
}

/// Microseconds from one instant up to another.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: i64,
    to: i64,
}

impl Stretch {
    /// Its parts in each day or hour that it touches.
    fn cut(self, length: i64) -> impl Iterator<Item = Self> {
        let first = self.from.div_euclid(length);
        let last = (self.to - 1).div_euclid(length);
        (first..=last).map(move |at| Self { from: at * length, to: (at + 1) * length }.and(self))
    }

    /// The whole day or hour that it lies in.
    fn calendar(self, length: i64) -> Self {
        let from = self.from.div_euclid(length) * length;
        Self { from, to: from + length }
    }

    fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }

    fn window(self) -> Option<Window> {
        Window::new(Time::from_micros(self.from).ok()?, Time::from_micros(self.to).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        format!("2001-02-{text}Z").parse().expect("a time")
    }

    fn window(from: &str, to: &str) -> Window {
        Window::new(time(from), time(to)).expect("a window")
    }

    /// The cells as text, in which days and hours that are whole stand out.
    fn text(rows: u64, period: Window) -> String {
        let extent = Extent { first: time("03T05:30:00"), last: time("07T10:15:00"), rows };
        let cells = cells(extent, &Periods::Listed(vec![period]));
        let short = |time: Time| time.to_string()[8..16].to_owned();
        let cell =
            |cell: &Cell| cell.window.map_or("all".into(), |w| format!("{}-{}", short(w.start()), short(w.end())));
        cells.iter().map(cell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_segment_that_a_period_cuts_is_taken_apart_by_the_calendar() {
        let many = 1 << 20;
        for (rows, period, expected) in [
            (many, window("01T00:00:00", "08T00:00:00"), "all"),
            (many, window("08T00:00:00", "09T00:00:00"), ""),
            (1_000, window("05T01:00:00", "09T00:00:00"), "05T01:00-07T10:15"),
            // Days alone where hours have few rows.
            (70_000, window("05T01:00:00", "07T01:00:00"), "05T01:00-06T00:00 06T00:00-07T00:00 07T00:00-07T01:00"),
            (
                many,
                window("06T22:00:00", "07T02:00:00"),
                "06T22:00-06T23:00 06T23:00-07T00:00 07T00:00-07T01:00 07T01:00-07T02:00",
            ),
            // What the segment has of its last day is one cell when the period does not cut it.
            (many, window("06T00:00:00", "09T00:00:00"), "06T00:00-07T00:00 07T00:00-07T10:15"),
            (many, window("06T22:30:00", "09T00:00:00"), "06T22:30-06T23:00 06T23:00-07T00:00 07T00:00-07T10:15"),
            (many, window("01T00:00:00", "03T07:00:00"), "03T05:30-03T06:00 03T06:00-03T07:00"),
        ] {
            assert_eq!(text(rows, period), expected, "{rows} rows in {period}");
        }
    }

    #[test]
    fn cells_have_every_instant_of_their_period_once_and_most_of_them_in_common_with_the_next() {
        let extent = Extent { first: time("03T05:30:00"), last: time("07T10:15:00"), rows: 1 << 20 };
        let hour = |hours: i64| Time::from_micros(time("03T00:00:00").micros() + hours * HOUR_MICROS).expect("a time");
        let of =
            |at: i64| cells(extent, &Periods::Listed(vec![Window::new(hour(at), hour(at + 48)).expect("a window")]));
        for at in -50..150 {
            let windows: Vec<_> = of(at).into_iter().filter_map(|cell| cell.window).collect();
            assert!(windows.windows(2).all(|pair| pair[0].end() == pair[1].start()), "{at}: {windows:?}");
            if let (Some(first), Some(last)) = (windows.first(), windows.last()) {
                assert_eq!(first.start(), hour(at).max(extent.first));
                assert!(last.end() == hour(at + 48) || last.end().micros() == extent.last.micros() + 1);
            }
        }
        let (before, after) = (of(30), of(31));
        assert!(after.iter().filter(|cell| !before.contains(cell)).count() <= 1, "{before:?} {after:?}");
    }

    #[test]
    fn each_period_has_cells_of_its_own() {
        let extent = Extent { first: time("03T05:30:00"), last: time("05T10:15:00"), rows: 1 << 20 };
        let periods = window("03T00:00:00", "06T00:00:00").split("1d".parse().expect("a span"), 10).expect("splits");
        let found = cells(extent, &Periods::Listed(periods));
        assert_eq!(found.iter().map(|cell| cell.period).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
