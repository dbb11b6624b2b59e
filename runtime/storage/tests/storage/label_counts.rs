//! Label coverage and lag: exact over segments, log and pending labels.

use std::time::Duration;

use crate::world::{Int, World, delayed, prediction, time};

const DAY: i64 = 86_400_000_000;

#[test]
fn segments_of_the_first_format_which_kept_no_counts_are_read() {
    let mut world = World::new();
    world.append(&[prediction(1, 1, &[]), prediction(2, 2, &[])]);
    world.append(&[delayed(1, &[("late", Int(1))]), delayed(9, &[("late", Int(1))])]);
    world.maintain();
    let summary = |world: &World| world.storage().label_summary(&world.model()).expect("a summary");
    let before = summary(&world);
    assert_eq!((before.whole.predictions, before.whole.labelled, before.unmatched), (2, 1, 1));
    let catalog = rusqlite::Connection::open(world.dir.path().join("catalog.db")).expect("opens");
    catalog.execute("UPDATE segments SET labels = NULL", []).expect("writes");
    drop(catalog);
    assert_eq!(summary(&world), before);
    world.restart();
    assert_eq!(summary(&world), before);
}

#[test]
fn coverage_and_lag_are_told_by_day_and_for_long_histories_by_month() {
    let world = World::new();
    let now = world.clock_micros();
    let today = now.div_euclid(DAY) * DAY;
    for n in 0..10 {
        world.append(&[prediction(n, today - DAY + n as i64, &[]), prediction(100 + n, today + n as i64, &[])]);
    }
    world.maintain();
    for n in 0..6 {
        world.append(&[delayed(100 + n, &[("late", Int(1))])]);
    }
    world.clock.advance(Duration::from_secs(86_400));
    world.append(&[delayed(0, &[("late", Int(1))]), delayed(100, &[("late", Int(0))])]);
    for _ in 0..2 {
        let summary = world.storage().label_summary(&world.model()).expect("a summary");
        assert_eq!((summary.whole.predictions, summary.whole.labelled), (20, 7));
        let periods: Vec<_> =
            summary.periods.iter().map(|p| (p.start, p.end, p.counts.predictions, p.counts.labelled)).collect();
        let days = [(time(today - DAY), time(today), 10, 1), (time(today), time(today + DAY), 10, 6)];
        assert_eq!(periods, days);
        let lag = summary.periods[1].counts.lag_p95_seconds.expect("a lag");
        let exact = (now - today) as f64 / 1e6;
        assert!((lag / exact - 1.0).abs() < 0.051, "{lag}, exactly {exact}");
        world.maintain();
    }
    world.append(&[prediction(999, 0, &[])]);
    let summary = world.storage().label_summary(&world.model()).expect("a summary");
    let starts: Vec<String> = summary.periods.iter().map(|period| period.start.to_string()).collect();
    assert_eq!(starts, ["1970-01-01T00:00:00Z", "2023-11-01T00:00:00Z"]);
}
