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

#[test]
fn labels_are_counted_alike_however_few_are_looked_at_together() {
    let world = World::with(|options| {
        options.segment_rows = 20;
        options.census_ids = 4;
    });
    // Spread like UUIDs; each third has a label, each seventh label has no prediction.
    let id = |n: u128| n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    for n in 0..60 {
        world.append(&[prediction(id(n), n as i64 * DAY / 20, &[])]);
        if n % 3 == 0 {
            world.append(&[delayed(id(n), &[("late", Int(1))]), delayed(id(1_000 + n / 7), &[("late", Int(0))])]);
            world.clock.advance(Duration::from_secs(7));
        }
        if n == 20 {
            world.maintain();
        }
        if n == 40 {
            world.seal();
        }
    }
    let mut whole = World::copied(&world);
    whole.options.census_ids = 1_000;
    whole.restart();
    let counted = |world: &World| world.storage().label_summary(&world.model()).expect("a summary");
    let summary = counted(&world);
    assert_eq!((summary.whole.predictions, summary.whole.labelled, summary.unmatched), (60, 20, 9));
    assert_eq!(summary, counted(&whole));
    let listed = |world: &World, after, limit| world.storage().unmatched(&world.model(), after, limit).expect("a list");
    let all = listed(&whole, None, 100);
    assert_eq!(listed(&world, None, 100), all);
    assert!(all.len() == 9 && all.is_sorted_by_key(|unmatched| unmatched.id));
    assert_eq!(listed(&world, Some(all[3].id), 2), all[4..6]);
}
