//! The windows of runs, and those they compare with.

use driftline_core::{Span, Time, Window};
use jiff::{ToSpan, tz::TimeZone};

use super::zone::{after, before, instant, local, start_of};
use crate::wire::{MonitorWindow, PeriodUnit};

const DAY_MICROS: i64 = 86_400_000_000;

/// The window of a run that looks back from `at`; `began` is when the latest deployment did. `None` when there is none.
pub fn window(spec: &MonitorWindow, at: Time, zone: &TimeZone, began: Option<Time>) -> Option<Window> {
    match (spec.last, spec.period) {
        (Some(last), _) => Window::new(at.before(last.0), at).ok(),
        (None, Some(unit)) => {
            let end = start_of(unit, &local(at, zone)?)?;
            Window::new(instant(&before(unit, &end)?)?, instant(&end)?).ok()
        }
        (None, None) => Window::new(began?, at).ok(),
    }
}

/// The window before, of the same kind.
pub fn previous(spec: &MonitorWindow, window: Window, zone: &TimeZone) -> Option<Window> {
    match spec.period {
        Some(unit) => {
            let start = local(window.start(), zone)?;
            Window::new(instant(&before(unit, &start)?)?, window.start()).ok()
        }
        None => {
            let length = Span::from_micros(window.end().micros() - window.start().micros())?;
            Window::new(window.start().before(length), window.start()).ok()
        }
    }
}

/// The same time so long before. Whole days are days of the zone, so that noon stays noon.
pub fn ago(window: Window, span: Span, zone: &TimeZone) -> Option<Window> {
    let earlier = |time: Time| match span.micros() % DAY_MICROS {
        0 => instant(&local(time, zone)?.checked_sub((span.micros() / DAY_MICROS).days()).ok()?),
        _ => Some(time.before(span)),
    };
    Window::new(earlier(window.start())?, earlier(window.end())?).ok()
}

/// The whole hours, days, weeks or months that lie inside `range`, at most `limit`.
pub fn periods(unit: PeriodUnit, range: Window, zone: &TimeZone, limit: usize) -> Vec<Window> {
    let mut found = Vec::new();
    let Some(mut start) = local(range.start(), zone).and_then(|at| start_of(unit, &at)) else { return found };
    while found.len() < limit {
        let Some(end) = after(unit, &start) else { break };
        let bounds = instant(&start).zip(instant(&end)).and_then(|(start, end)| Window::new(start, end).ok());
        match bounds {
            Some(window) if window.end() > range.end() => break,
            Some(window) if window.start() >= range.start() => found.push(window),
            _ => {}
        }
        start = end;
    }
    found
}

/// Cuts a range into windows as long as `window`, from its start on; what is left over at the end is no window.
pub fn cut(spec: &MonitorWindow, range: Window, window: Window, zone: &TimeZone, limit: usize) -> Vec<Window> {
    if let Some(unit) = spec.period {
        return periods(unit, range, zone, limit);
    }
    let Some(length) = Span::from_micros(window.end().micros() - window.start().micros()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut start = range.start();
    while found.len() < limit {
        match Window::new(start, start.after(length)) {
            Ok(window) if window.end() <= range.end() => {
                start = window.end();
                found.push(window);
            }
            _ => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::wire::Length;

    use super::*;

    fn time(text: &str) -> Time {
        text.parse().expect("a time")
    }

    fn of(start: &str, end: &str) -> Window {
        Window::new(time(start), time(end)).expect("a window")
    }

    fn spec(last: Option<&str>, period: Option<PeriodUnit>) -> MonitorWindow {
        MonitorWindow { last: last.map(|text| Length(text.parse().expect("a span"))), period, since: None }
    }

    fn vienna() -> TimeZone {
        TimeZone::get("Europe/Vienna").expect("a zone")
    }

    #[test]
    fn windows_end_where_the_run_looks_back_from() {
        use PeriodUnit::{Day, Hour, Month, Week};
        for (last, period, at, start, end) in [
            (Some("30d"), None, "2024-03-31T12:00:00Z", "2024-03-01T12:00:00Z", "2024-03-31T12:00:00Z"),
            (None, Some(Hour), "2024-03-31T12:34:56Z", "2024-03-31T11:00:00Z", "2024-03-31T12:00:00Z"),
            // The clocks go forward: the day has 23 hours.
            (None, Some(Day), "2024-04-01T05:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"),
            // They go back: 25 hours.
            (None, Some(Day), "2024-10-28T05:00:00Z", "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z"),
            (None, Some(Week), "2024-04-01T05:00:00Z", "2024-03-24T23:00:00Z", "2024-03-31T22:00:00Z"),
            (None, Some(Month), "2024-03-01T00:30:00Z", "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z"),
            (None, Some(Month), "2024-02-29T22:30:00Z", "2023-12-31T23:00:00Z", "2024-01-31T23:00:00Z"),
        ] {
            let found = window(&spec(last, period), time(at), &vienna(), None);
            assert_eq!(found, Some(of(start, end)), "{last:?} {period:?} {at}");
        }
    }

    #[test]
    fn references_move_with_the_window() {
        let day = of("2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z");
        let before = of("2024-03-29T23:00:00Z", "2024-03-30T23:00:00Z");
        assert_eq!(previous(&spec(None, Some(PeriodUnit::Day)), day, &vienna()), Some(before));
        let week_ago = of("2024-03-23T23:00:00Z", "2024-03-24T23:00:00Z");
        assert_eq!(ago(day, "7d".parse().expect("a span"), &vienna()), Some(week_ago));
        let hours = of("2024-03-31T00:00:00Z", "2024-03-31T06:00:00Z");
        assert_eq!(
            previous(&spec(Some("6h"), None), hours, &vienna()),
            Some(of("2024-03-30T18:00:00Z", "2024-03-31T00:00:00Z"))
        );
    }

    #[test]
    fn history_is_cut_into_whole_periods() {
        let range = of("2024-03-29T00:00:00Z", "2024-04-02T00:00:00Z");
        let days = periods(PeriodUnit::Day, range, &vienna(), 100);
        assert_eq!(days.len(), 3);
        assert_eq!(days.last().copied(), Some(of("2024-03-31T22:00:00Z", "2024-04-01T22:00:00Z")));
        assert_eq!(cut(&spec(Some("1d"), None), range, range, &vienna(), 100).len(), 1);
    }
}
