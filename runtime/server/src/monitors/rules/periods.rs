//! Whole periods, against a table that a walk over every minute of Python's `zoneinfo` gave.

use driftline_core::Window;
use jiff::ToSpan;
use proptest::prelude::*;

use super::{
    clocks::{CHANGES, ZONES, in_zone, near, time},
    windows, zone,
};
use crate::wire::{MonitorWindow, PeriodUnit};

fn of(unit: PeriodUnit) -> MonitorWindow {
    MonitorWindow { last: None, period: Some(unit), since: None }
}

#[test]
fn periods_are_whole_whatever_the_clocks_do() {
    use PeriodUnit::{Day, Hour, Month, Week};
    // unit, zone, an instant, the last whole period before it
    for (unit, zone, at, start, end) in [
        (Hour, "UTC", "2024-03-31T12:34:56Z", "2024-03-31T11:00:00Z", "2024-03-31T12:00:00Z"),
        (Hour, "Europe/Vienna", "2024-10-27T01:30:00Z", "2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z"),
        (Hour, "Europe/Vienna", "2024-03-31T01:10:00Z", "2024-03-31T00:00:00Z", "2024-03-31T01:00:00Z"),
        (Hour, "Asia/Kolkata", "2024-01-01T00:00:00Z", "2023-12-31T22:30:00Z", "2023-12-31T23:30:00Z"),
        (Hour, "Australia/Lord_Howe", "2024-10-05T16:30:00Z", "2024-10-05T14:30:00Z", "2024-10-05T16:00:00Z"),
        (Hour, "Australia/Lord_Howe", "2024-10-05T15:45:00Z", "2024-10-05T13:30:00Z", "2024-10-05T14:30:00Z"),
        (Hour, "Australia/Lord_Howe", "2024-04-06T15:20:00Z", "2024-04-06T13:00:00Z", "2024-04-06T14:00:00Z"),
        (Hour, "Australia/Lord_Howe", "2024-04-06T15:45:00Z", "2024-04-06T14:00:00Z", "2024-04-06T15:30:00Z"),
        (Day, "Europe/Vienna", "2024-04-01T05:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"),
        (Day, "Europe/Vienna", "2024-10-28T05:00:00Z", "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z"),
        (Day, "America/New_York", "2024-03-11T04:00:00Z", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z"),
        (Day, "America/New_York", "2024-11-04T05:00:00Z", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z"),
        (Day, "Australia/Lord_Howe", "2024-10-06T20:00:00Z", "2024-10-05T13:30:00Z", "2024-10-06T13:00:00Z"),
        (Day, "Australia/Lord_Howe", "2024-04-07T20:00:00Z", "2024-04-06T13:00:00Z", "2024-04-07T13:30:00Z"),
        (Day, "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z"),
        (Day, "America/Sao_Paulo", "2018-11-05T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
        (Day, "America/Sao_Paulo", "2018-02-18T12:00:00Z", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
        (Day, "Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
        (Day, "Pacific/Apia", "2011-12-31T12:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),
        (Day, "Asia/Kolkata", "2024-02-29T18:30:00Z", "2024-02-28T18:30:00Z", "2024-02-29T18:30:00Z"),
        (Day, "Asia/Beirut", "2024-03-31T21:00:00Z", "2024-03-30T22:00:00Z", "2024-03-31T21:00:00Z"),
        (Week, "Europe/Vienna", "2024-04-01T05:00:00Z", "2024-03-24T23:00:00Z", "2024-03-31T22:00:00Z"),
        (Week, "Europe/Vienna", "2024-10-27T23:00:00Z", "2024-10-20T22:00:00Z", "2024-10-27T23:00:00Z"),
        (Week, "Pacific/Apia", "2012-01-02T12:00:00Z", "2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z"),
        (Week, "UTC", "2024-12-31T23:59:59Z", "2024-12-23T00:00:00Z", "2024-12-30T00:00:00Z"),
        (Month, "Europe/Vienna", "2024-03-01T00:30:00Z", "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z"),
        (Month, "Europe/Vienna", "2024-02-29T22:30:00Z", "2023-12-31T23:00:00Z", "2024-01-31T23:00:00Z"),
        (Month, "Europe/Vienna", "2024-04-15T00:00:00Z", "2024-02-29T23:00:00Z", "2024-03-31T22:00:00Z"),
        (Month, "America/New_York", "2024-12-01T05:00:00Z", "2024-11-01T04:00:00Z", "2024-12-01T05:00:00Z"),
        (Month, "Pacific/Apia", "2012-01-15T00:00:00Z", "2011-12-01T10:00:00Z", "2011-12-31T10:00:00Z"),
        (Month, "UTC", "2023-03-01T00:00:00Z", "2023-02-01T00:00:00Z", "2023-03-01T00:00:00Z"),
    ] {
        let wanted = Window::new(time(start), time(end)).expect("a window");
        let found = windows::window(&of(unit), time(at), &in_zone(zone), None);
        assert_eq!(found, Some(wanted), "{unit:?} in {zone} before {at}");
    }
}

#[test]
fn periods_follow_one_another_without_gaps() {
    use PeriodUnit::{Day, Hour, Month, Week};
    for (zone, start, end) in [
        ("Europe/Vienna", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("Australia/Lord_Howe", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("America/Sao_Paulo", "2018-01-01T00:00:00Z", "2019-03-01T00:00:00Z"),
        ("Pacific/Apia", "2011-06-01T00:00:00Z", "2012-06-01T00:00:00Z"),
        ("Asia/Kolkata", "2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z"),
    ] {
        let range = Window::new(time(start), time(end)).expect("a window");
        for unit in [Hour, Day, Week, Month] {
            let periods = windows::periods(unit, range, &in_zone(zone), 100_000);
            assert!(periods.len() > 3, "{unit:?} in {zone}: {}", periods.len());
            for pair in periods.windows(2) {
                assert_eq!(pair[0].end(), pair[1].start(), "{unit:?} in {zone}");
                let before = windows::previous(&of(unit), pair[1], &in_zone(zone));
                assert_eq!(before, Some(pair[0]), "{unit:?} in {zone}: before {}", pair[1]);
            }
        }
    }
}

static UNITS: [PeriodUnit; 4] = [PeriodUnit::Hour, PeriodUnit::Day, PeriodUnit::Week, PeriodUnit::Month];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Every instant lies in exactly one hour, day, week and month.
    #[test]
    fn every_instant_has_one_period(
        unit in prop::sample::select(&UNITS[..]),
        name in prop::sample::select(&ZONES[..]),
        change in prop::sample::select(&CHANGES[..]),
        seconds in -100_000_i64..100_000,
    ) {
        let at = zone::local(near(change, seconds), &in_zone(name)).expect("a local time");
        let start = zone::start_of(unit, &at).expect("a start");
        let end = zone::after(unit, &start).expect("an end");
        prop_assert!(start <= at && at < end, "{} {} {}", start, at, end);
        prop_assert_eq!(zone::start_of(unit, &start), Some(start.clone()));
        prop_assert_eq!(zone::before(unit, &end), Some(start.clone()));
        let last = end.checked_sub(1.nanosecond()).expect("an instant");
        prop_assert_eq!(zone::start_of(unit, &last), Some(start.clone()));
    }
}
