//! Schedules, against a table that a walk over every minute of Python's `zoneinfo` gave.

use driftline_core::Time;
use proptest::prelude::*;

use super::{
    clocks::{CHANGES, ZONES, in_zone, near, time},
    cron::Cron,
    zone,
};

fn cron(text: &str, zone: &str) -> Cron {
    Cron::parse(text, in_zone(zone)).expect("a schedule")
}

#[test]
fn schedules_follow_the_clocks() {
    // schedule, zone, after, the next instants
    let table: &[(&str, &str, &str, &[&str])] = &[
        // Plain days: lists, steps, ranges, leap days, month ends, both kinds of day.
        ("5 * * * *", "UTC", "2024-01-01T00:05:00Z", &["2024-01-01T01:05:00Z", "2024-01-01T02:05:00Z"]),
        ("*/20 8-9 * * *", "UTC", "2024-01-01T09:30:00Z", &["2024-01-01T09:40:00Z", "2024-01-02T08:00:00Z"]),
        ("0 0 * * *", "UTC", "2024-02-28T12:00:00Z", &["2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"]),
        ("0 0 29 2 *", "UTC", "2024-03-01T00:00:00Z", &["2028-02-29T00:00:00Z"]),
        ("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", &["2104-02-29T00:00:00Z"]),
        (
            "0 0 28-31 * *",
            "UTC",
            "2023-02-27T00:00:00Z",
            &["2023-02-28T00:00:00Z", "2023-03-28T00:00:00Z", "2023-03-29T00:00:00Z"],
        ),
        ("0 0 31 * *", "UTC", "2024-03-31T00:00:00Z", &["2024-05-31T00:00:00Z", "2024-07-31T00:00:00Z"]),
        ("59 23 31 12 *", "UTC", "2024-12-31T23:58:59Z", &["2024-12-31T23:59:00Z", "2025-12-31T23:59:00Z"]),
        ("0 6 * * mon-fri", "UTC", "2024-03-29T06:00:00Z", &["2024-04-01T06:00:00Z"]),
        ("0 6 1 * 1", "UTC", "2024-03-29T06:00:00Z", &["2024-04-01T06:00:00Z", "2024-04-08T06:00:00Z"]),
        (
            "0 0 13 * fri",
            "UTC",
            "2024-09-12T12:00:00Z",
            &["2024-09-13T00:00:00Z", "2024-09-20T00:00:00Z", "2024-09-27T00:00:00Z"],
        ),
        ("0 0 */10 * *", "UTC", "2024-02-21T00:00:00Z", &["2024-03-01T00:00:00Z", "2024-03-11T00:00:00Z"]),
        // The last day of the month, the working day closest to a day (within its month), the last working day.
        (
            "0 6 L * *",
            "UTC",
            "2024-01-31T06:00:00Z",
            &["2024-02-29T06:00:00Z", "2024-03-31T06:00:00Z", "2024-04-30T06:00:00Z"],
        ),
        ("0 6 L 2 *", "UTC", "2022-03-01T00:00:00Z", &["2023-02-28T06:00:00Z", "2024-02-29T06:00:00Z"]),
        ("0 6 1,L * *", "UTC", "2024-02-01T06:00:00Z", &["2024-02-29T06:00:00Z", "2024-03-01T06:00:00Z"]),
        (
            "0 6 15W * *",
            "UTC",
            "2024-05-31T00:00:00Z",
            // Saturday: the Friday before; Monday; Thursday; Sunday: the Monday after.
            &["2024-06-14T06:00:00Z", "2024-07-15T06:00:00Z", "2024-08-15T06:00:00Z", "2024-09-16T06:00:00Z"],
        ),
        ("0 6 1W * *", "UTC", "2024-05-31T00:00:00Z", &["2024-06-03T06:00:00Z", "2024-07-01T06:00:00Z"]),
        ("0 6 31W * *", "UTC", "2024-03-01T00:00:00Z", &["2024-03-29T06:00:00Z", "2024-05-31T06:00:00Z"]),
        ("0 6 lw * *", "UTC", "2024-03-01T00:00:00Z", &["2024-03-29T06:00:00Z", "2024-04-30T06:00:00Z"]),
        // The first, second, fifth and last of a day of the week.
        ("0 6 * * mon#1", "UTC", "2024-03-05T00:00:00Z", &["2024-04-01T06:00:00Z", "2024-05-06T06:00:00Z"]),
        ("0 6 * * 5#2", "UTC", "2024-03-08T06:00:00Z", &["2024-04-12T06:00:00Z", "2024-05-10T06:00:00Z"]),
        ("0 6 * * 7#5", "UTC", "2024-01-01T00:00:00Z", &["2024-03-31T06:00:00Z", "2024-06-30T06:00:00Z"]),
        ("0 6 * * friL", "UTC", "2024-03-01T00:00:00Z", &["2024-03-29T06:00:00Z", "2024-04-26T06:00:00Z"]),
        ("0 6 * * 5#L", "UTC", "2024-03-29T06:00:00Z", &["2024-04-26T06:00:00Z", "2024-05-31T06:00:00Z"]),
        ("0 6 * * sat-sun", "UTC", "2024-03-29T06:00:00Z", &["2024-03-30T06:00:00Z", "2024-03-31T06:00:00Z"]),
        // Both kinds of day: either, unless one begins with a star.
        ("0 6 L * fri#1", "UTC", "2024-03-02T00:00:00Z", &["2024-03-31T06:00:00Z", "2024-04-05T06:00:00Z"]),
        ("0 6 */2 * mon", "UTC", "2024-03-01T07:00:00Z", &["2024-03-11T06:00:00Z", "2024-03-25T06:00:00Z"]),
        ("0 6 ? * mon", "UTC", "2024-03-01T07:00:00Z", &["2024-03-04T06:00:00Z", "2024-03-11T06:00:00Z"]),
        // The last day of a month on which clocks change.
        ("30 2 L * *", "Europe/Vienna", "2024-03-01T00:00:00Z", &["2024-03-31T01:00:00Z", "2024-04-30T00:30:00Z"]),
        ("30 2 * * sun#L", "Europe/Vienna", "2024-10-01T00:00:00Z", &["2024-10-27T00:30:00Z", "2024-11-24T01:30:00Z"]),
        // 02:00 to 03:00 is left out: what would run then runs at 03:00, once.
        ("30 2 * * *", "Europe/Vienna", "2024-03-30T02:00:00Z", &["2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"]),
        ("0 2 * * *", "Europe/Vienna", "2024-03-31T00:59:59Z", &["2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z"]),
        ("0 2-3 * * *", "Europe/Vienna", "2024-03-31T00:00:00Z", &["2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z"]),
        ("*/15 2 * * *", "Europe/Vienna", "2024-03-31T00:00:00Z", &["2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z"]),
        // 02:00 to 03:00 comes twice: the first counts.
        ("30 2 * * *", "Europe/Vienna", "2024-10-26T12:00:00Z", &["2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"]),
        ("30 2 * * *", "Europe/Vienna", "2024-10-27T00:30:00Z", &["2024-10-28T01:30:00Z"]),
        (
            "*/30 1-3 * * *",
            "Europe/Vienna",
            "2024-10-26T23:00:00Z",
            &[
                "2024-10-26T23:30:00Z",
                "2024-10-27T00:00:00Z",
                "2024-10-27T00:30:00Z",
                "2024-10-27T02:00:00Z",
                "2024-10-27T02:30:00Z",
            ],
        ),
        // Hourly schedules run in every real hour.
        (
            "30 * * * *",
            "Europe/Vienna",
            "2024-10-26T23:30:00Z",
            &["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-10-27T02:30:00Z"],
        ),
        ("30 * * * *", "Europe/Vienna", "2024-03-31T00:00:00Z", &["2024-03-31T00:30:00Z", "2024-03-31T01:30:00Z"]),
        ("0 */2 * * *", "Europe/Vienna", "2024-03-30T23:00:00Z", &["2024-03-31T02:00:00Z", "2024-03-31T04:00:00Z"]),
        (
            "0 */2 * * *",
            "Europe/Vienna",
            "2024-10-26T22:00:00Z",
            &["2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z", "2024-10-27T03:00:00Z", "2024-10-27T05:00:00Z"],
        ),
        // The same in New York; the night is another.
        ("0 0 * * 0", "America/New_York", "2024-11-02T00:00:00Z", &["2024-11-03T04:00:00Z", "2024-11-10T05:00:00Z"]),
        ("30 1 * * *", "America/New_York", "2024-11-02T12:00:00Z", &["2024-11-03T05:30:00Z", "2024-11-04T06:30:00Z"]),
        ("30 1 * * *", "America/New_York", "2024-11-03T06:10:00Z", &["2024-11-04T06:30:00Z"]),
        ("30 2 10 3 *", "America/New_York", "2024-03-09T00:00:00Z", &["2024-03-10T07:00:00Z", "2025-03-10T06:30:00Z"]),
        (
            "*/20 * * * *",
            "America/New_York",
            "2024-11-03T05:30:00Z",
            &[
                "2024-11-03T05:40:00Z",
                "2024-11-03T06:00:00Z",
                "2024-11-03T06:20:00Z",
                "2024-11-03T06:40:00Z",
                "2024-11-03T07:00:00Z",
                "2024-11-03T07:20:00Z",
            ],
        ),
        // Clocks that change by half an hour.
        (
            "0 * * * *",
            "Australia/Lord_Howe",
            "2024-10-05T14:00:00Z",
            &["2024-10-05T14:30:00Z", "2024-10-05T16:00:00Z", "2024-10-05T17:00:00Z"],
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2024-10-04T16:00:00Z",
            &["2024-10-05T15:30:00Z", "2024-10-06T15:15:00Z"],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2024-04-06T14:00:00Z",
            &["2024-04-06T14:45:00Z", "2024-04-07T15:15:00Z"],
        ),
        (
            "45 * * * *",
            "Australia/Lord_Howe",
            "2024-04-06T14:00:00Z",
            &["2024-04-06T14:45:00Z", "2024-04-06T15:15:00Z", "2024-04-06T16:15:00Z"],
        ),
        // No changes, but an offset that is no whole hour.
        ("0 9 * * *", "Asia/Kolkata", "2024-03-31T03:30:00Z", &["2024-04-01T03:30:00Z", "2024-04-02T03:30:00Z"]),
        ("0 0 1 * *", "Asia/Kolkata", "2024-02-29T18:29:59Z", &["2024-02-29T18:30:00Z", "2024-03-31T18:30:00Z"]),
        // A day that is left out.
        (
            "0 9 * * *",
            "Pacific/Apia",
            "2011-12-29T00:00:00Z",
            &["2011-12-29T19:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z"],
        ),
        ("0 9 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", &["2011-12-30T10:00:00Z", "2012-12-29T19:00:00Z"]),
        (
            "0 * * * *",
            "Pacific/Apia",
            "2011-12-30T08:30:00Z",
            &["2011-12-30T09:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z"],
        ),
        // Midnight is left out, or comes twice.
        ("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", &["2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"]),
        ("30 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", &["2018-11-04T03:00:00Z", "2018-11-05T02:30:00Z"]),
        ("30 23 * * *", "America/Sao_Paulo", "2018-02-17T12:00:00Z", &["2018-02-18T01:30:00Z", "2018-02-19T02:30:00Z"]),
        (
            "0 * * * *",
            "America/Sao_Paulo",
            "2018-02-18T00:30:00Z",
            &["2018-02-18T01:00:00Z", "2018-02-18T02:00:00Z", "2018-02-18T03:00:00Z"],
        ),
        ("0 0 * * *", "Asia/Beirut", "2024-03-30T00:00:00Z", &["2024-03-30T22:00:00Z", "2024-03-31T21:00:00Z"]),
        // The first zone to have a new year; one whose summer time stops for Ramadan.
        ("0 0 1 1 *", "Pacific/Kiritimati", "2024-06-01T00:00:00Z", &["2024-12-31T10:00:00Z"]),
        (
            "0 12 * * *",
            "Africa/Casablanca",
            "2024-03-09T13:00:00Z",
            &["2024-03-10T12:00:00Z", "2024-03-11T12:00:00Z", "2024-03-12T12:00:00Z"],
        ),
    ];
    for (text, zone, after, due) in table {
        let cron = cron(text, zone);
        let found: Vec<String> = std::iter::successors(cron.next_after(time(after)), |at| cron.next_after(*at))
            .take(due.len())
            .map(|at| at.to_string())
            .collect();
        assert_eq!(&found, due, "{text} in {zone} after {after}");
    }
}

#[test]
fn zones_are_known_without_the_files_of_the_system() {
    let bundled = jiff::tz::TimeZoneDatabase::bundled();
    for name in ["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"] {
        assert!(bundled.get(name).is_ok(), "{name}");
    }
}

static SCHEDULES: [&str; 10] = [
    "* * * * *",
    "*/7 * * * *",
    "30 * * * *",
    "0 */2 * * *",
    "30 2 * * *",
    "*/15 1-3 * * *",
    "0 0 * * *",
    "15 0,2,23 * * sun",
    "0 0 1 * *",
    "45 1 1-7 4,10 *",
];

fn between(cron: &Cron, after: Time, until: Time) -> Vec<Time> {
    std::iter::successors(cron.next_after(after), |at| cron.next_after(*at)).take_while(|at| *at <= until).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// However time is cut, into however many looks at it, the same instants are due: none missed, none twice.
    #[test]
    fn cutting_time_changes_nothing(
        text in prop::sample::select(&SCHEDULES[..]),
        zone in prop::sample::select(&ZONES[..]),
        change in prop::sample::select(&CHANGES[..]),
        cuts in prop::collection::vec(-100_000_i64..100_000, 2..12),
    ) {
        let cron = cron(text, zone);
        let mut cuts: Vec<Time> = cuts.into_iter().map(|seconds| near(change, seconds)).collect();
        cuts.sort_unstable();
        let parts: Vec<Time> = cuts.windows(2).flat_map(|pair| between(&cron, pair[0], pair[1])).collect();
        prop_assert_eq!(parts, between(&cron, cuts[0], cuts[cuts.len() - 1]));
    }

    /// Asked from halfway to what is due next, the same is due next.
    #[test]
    fn nothing_is_due_in_between(
        text in prop::sample::select(&SCHEDULES[..]),
        name in prop::sample::select(&ZONES[..]),
        change in prop::sample::select(&CHANGES[..]),
        seconds in -100_000_i64..100_000,
    ) {
        let (cron, zone) = (cron(text, name), in_zone(name));
        let after = near(change, seconds);
        let due = cron.next_after(after).expect("a next one");
        prop_assert!(due > after);
        // From anywhere in between, the same comes next.
        let middle = Time::from_micros(after.micros().midpoint(due.micros() - 1)).expect("a time");
        prop_assert_eq!(cron.next_after(middle), Some(due));
        // It is a full minute of the clocks, or the instant at which they were changed.
        let clock = zone::local(due, &zone).expect("a local time");
        prop_assert_eq!((clock.second(), clock.subsec_nanosecond()), (0, 0));
    }
}
