//! Compaction: few, well-sized files, the same rows, and little work.

use std::{collections::BTreeSet, time::Duration};

use driftline_core::Time;

use crate::world::{Float, Int, Row, World, delayed, prediction, read, window};

const DAY: i64 = 86_400_000_000;

/// A day's predictions, spread over it.
fn day(number: i64, rows: i64) -> Vec<Row> {
    let row = |n: i64| {
        let id = (number * 1_000 + n) as u128;
        prediction(id, number * DAY + n * (DAY / rows), &[("score", Float(n as f64 / rows as f64))])
    };
    (0..rows).map(row).collect()
}

#[test]
fn a_hundred_predictions_a_day_for_three_years_end_in_few_files() {
    let world = World::new();
    for month in 0..36 {
        for number in 0..30 {
            world.append(&day(month * 30 + number, 100));
        }
        world.maintain();
        let files = world.snapshot(None).segments.len();
        assert!(files <= 7, "at most one file for each doubling, not {files}");
    }
    let segments = world.snapshot(None).segments;
    assert_eq!(segments.iter().map(|segment| segment.rows).sum::<u64>(), 108_000);
    assert_eq!(world.files(), segments.len(), "replaced files are gone");
    assert_eq!(world.read(Some(window(700 * DAY, 701 * DAY))), day(700, 100));
}

#[test]
fn a_large_model_ends_in_files_at_least_half_full() {
    let world = World::with(|options| options.segment_rows = 1_000);
    for number in 0..70 {
        world.append(&day(number, 97));
        world.maintain();
    }
    let rows: Vec<u64> = world.snapshot(None).segments.iter().map(|segment| segment.rows).collect();
    assert!(rows.iter().all(|rows| *rows <= 1_000), "{rows:?}");
    let small = rows.iter().filter(|rows| **rows < 500).count();
    assert!(small <= 4, "all but the newest are at least half full: {rows:?}");
}

#[test]
fn overlapping_segments_become_one_in_the_order_of_time_and_id() {
    let world = World::new();
    for start in [3_u128, 1, 2] {
        let rows: Vec<_> =
            (0..20).map(|n| prediction(n * 3 + start, (n / 2) as i64, &[("a", Int(n as i64))])).collect();
        world.append(&rows);
        world.seal();
    }
    world.append(&[prediction(90, 4, &[("a", Float(0.5))])]);
    let before = world.read(None);
    let held = world.snapshot(None);
    world.maintain();
    let segments = world.snapshot(None).segments;
    assert_eq!(segments.len(), 1);
    let batch = crate::world::segment_rows(world.storage(), &segments[0].path);
    let keys: Vec<(i64, u128)> = before.iter().map(|row| (row.time.expect("a time"), row.id)).collect();
    assert_eq!(crate::world::keys(&batch), keys);
    assert_eq!(world.read(None), before);
    assert_eq!(read(world.storage(), &held, None).expect("reads"), before, "a reader keeps the files it began with");
}

#[test]
fn large_files_far_apart_in_time_stay_apart() {
    let world = World::new();
    let block = |from: i64, id: u128| {
        (0..70_000_u128).map(move |n| prediction(id + n, from + n as i64, &[])).collect::<Vec<_>>()
    };
    for (from, id) in [(0, 0), (8_000 * DAY, 100_000), (8_000 * DAY + 70_000, 200_000)] {
        world.append(&block(from, id));
        world.seal();
    }
    world.maintain();
    let rows: Vec<u64> = world.snapshot(None).segments.iter().map(|segment| segment.rows).collect();
    assert_eq!(rows, [70_000, 140_000]);
}

#[test]
fn replaced_files_stay_while_a_snapshot_or_a_backup_may_read_them() {
    let mut world = World::new();
    for number in 0..2 {
        world.append(&day(number, 10));
        world.seal();
    }
    let (held, also_held) = (world.snapshot(None), world.snapshot(None).pin());
    world.maintain();
    assert_eq!(world.files(), 3);
    drop(held);
    world.maintain();
    assert_eq!(world.files(), 3, "a pin outlives its snapshot");
    let backup = std::fs::File::create(world.dir.path().join("backup.lock")).expect("creates");
    backup.lock_shared().expect("locks");
    drop(also_held);
    world.maintain();
    assert_eq!(world.files(), 3, "a backup may still copy them");
    world.restart();
    assert_eq!(world.files(), 3, "nor are they swept under it");
    backup.unlock().expect("unlocks");
    world.restart();
    assert_eq!(world.files(), 1);
    assert_eq!(world.read(None).len(), 20);
}

#[test]
fn unmatched_labels_end_in_few_files_too() {
    let world = World::new();
    world.append(&[prediction(1_000, 1, &[])]);
    for n in 0..64 {
        world.append(&[delayed(n, &[("late", Int(n as i64))])]);
        world.maintain();
        world.clock.advance(Duration::from_secs(60));
    }
    assert!(world.files() <= 1 + 7, "{} files", world.files());
    let unmatched = world.storage().unmatched(&world.model(), None, 100).expect("a list");
    let received: BTreeSet<Time> = unmatched.iter().map(|unmatched| unmatched.received).collect();
    assert_eq!((unmatched.len(), received.len()), (64, 64));
}
