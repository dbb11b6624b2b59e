//! Sealing: the same rows before and after, cut and pruned as promised.

use std::{thread, time::Duration};

use driftline_storage::Options;

use crate::world::{Float, Int, World, delayed, eventually, prediction, read, text, window};

const DAY: i64 = 86_400_000_000;

#[test]
fn sealed_rows_read_as_before_also_after_a_restart() {
    let mut world = World::new();
    for n in 0..200_u128 {
        let micros = ((n * 37) % 200) as i64;
        world.append(&[prediction(n, micros, &[("a", Int(micros)), ("t", text(&format!("v{}", n % 3)))])]);
        if n % 3 == 0 {
            world.append(&[delayed(n, &[("late", Float(n as f64))])]);
        }
    }
    let before = world.read(None);
    let held = world.snapshot(None);
    world.seal();
    assert_eq!(world.read(None), before);
    assert!(world.snapshot(None).unsealed.is_empty());
    assert_eq!(read(world.storage(), &held, None).expect("reads"), before, "an older snapshot still reads the same");
    drop(held);
    world.restart();
    assert_eq!(world.read(None), before);
    let summary = world.storage().model_summary(&world.model()).expect("a summary");
    assert_eq!((summary.predictions, summary.unsealed_rows, summary.segments), (200, 0, 1));
    assert_eq!(summary.delayed_rows, 67);
}

#[test]
fn segments_are_sorted_by_time_and_cut_at_months_and_rows() {
    let world = World::with(|options| options.segment_rows = 40);
    let rows: Vec<_> = (0..93_u128).rev().map(|n| prediction(n, n as i64 * DAY, &[("a", Int(n as i64))])).collect();
    world.append(&rows[50..]);
    world.append(&rows[..50]);
    world.seal();
    let segments = world.snapshot(None).segments;
    // January to March 1970 have 31, 28 and 31 days. The log rows hold 43 and 50
    // rows, more than a segment, so each is sealed in a round of its own.
    let spans: Vec<_> =
        segments.iter().map(|s| (s.min_time.micros() / DAY, s.max_time.micros() / DAY, s.rows)).collect();
    assert_eq!(spans, [(0, 30, 31), (31, 42, 12), (43, 58, 16), (59, 89, 31), (90, 92, 3)]);
    let pruned = world.snapshot(Some(window(43 * DAY, 59 * DAY))).segments;
    assert_eq!(pruned.iter().map(|segment| segment.rows).collect::<Vec<_>>(), [16]);
    assert_eq!(world.read(Some(window(40 * DAY, 45 * DAY))).len(), 5);
}

#[test]
fn ties_in_time_are_sorted_by_id() {
    let world = World::new();
    for n in [3_u128, 1, 2] {
        world.append(&[prediction(n, 5, &[])]);
    }
    world.seal();
    let segment = &world.snapshot(None).segments[0];
    let batch = crate::world::segment_rows(world.storage(), &segment.path);
    let ids = arrow::array::AsArray::as_fixed_size_binary(batch.column(0));
    let ids: Vec<u8> = (0..3).map(|row| ids.value(row)[15]).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!((segment.min_id, segment.max_id), (1_u128.to_be_bytes(), 3_u128.to_be_bytes()));
}

#[test]
fn a_thread_seals_by_size_and_by_age_and_what_is_tiny_late() {
    let change = |options: &mut Options| {
        options.background = true;
        options.seal_rows = 10;
        options.seal_min_rows = 3;
    };
    let world = World::with(change);
    world.append(&(0..12).map(|n| prediction(n, 1, &[])).collect::<Vec<_>>());
    eventually("ten rows are sealed", || world.snapshot(None).segments.len() == 1);
    world.append(&[prediction(20, 1, &[]), prediction(21, 1, &[])]);
    world.clock.advance(Duration::from_secs(3_600));
    world.append(&[prediction(22, 1, &[])]);
    eventually("three old rows are sealed", || world.snapshot(None).segments.len() == 2);
    world.append(&[prediction(30, 1, &[])]);
    world.clock.advance(Duration::from_secs(6 * 3_600));
    eventually("one row is sealed when it is very old", || world.snapshot(None).unsealed.is_empty());
    assert_eq!(world.read(None).len(), 16);
}

#[test]
fn writing_and_reading_go_on_while_sealing_and_merging() {
    let world = World::with(|options| options.segment_rows = 500);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..60_u128 {
                let rows: Vec<_> =
                    (0..50).map(|m| prediction(n * 50 + m, (n * 50 + m) as i64, &[("a", Int(1))])).collect();
                world.append(&rows);
            }
        });
        while !writer.is_finished() {
            if world.storage().model(&crate::world::name("m")).expect("reads").is_some() {
                world.maintain();
                let read = world.read(None);
                assert!(read.windows(2).all(|pair| pair[0].id + 1 == pair[1].id), "no row is lost or doubled");
                assert_eq!(read.len() % 50, 0, "an append is seen whole or not at all");
            }
        }
    });
    world.seal();
    assert_eq!(world.read(None).len(), 3_000);
}
