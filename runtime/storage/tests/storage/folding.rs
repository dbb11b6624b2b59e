//! Folding: late truth ends in the segments of its predictions, whatever came when.

use std::{collections::BTreeSet, time::Duration};

use tempfile::TempDir;
use uuid::Uuid;

use crate::world::{Float, Int, Row, World, copy, delayed, labelled_at, name, open, prediction, read, text};

const DAY_SECONDS: u64 = 86_400;

#[test]
fn labels_end_in_their_segments_whatever_came_when() {
    let p = |id: u128| prediction(id, id as i64, &[("score", Float(0.5)), ("late", Int(0))]);
    let late = |id, value| delayed(id, &[("late", Int(value))]);
    let cases: [(&str, Vec<Row>); 7] = [
        ("after", vec![p(1), p(2), late(1, 1)]),
        ("before", vec![late(1, 1), p(1), p(2)]),
        ("twice", vec![p(1), late(1, 2), late(1, 1)]),
        ("before and after", vec![late(1, 2), p(1), late(1, 1)]),
        ("unknown, then known", vec![p(2), late(1, 1), late(3, 1), p(1)]),
        ("each column by itself", vec![p(1), late(1, 1), delayed(1, &[("why", text("snow"))]), p(3), late(3, 4)]),
        ("out of order", vec![p(1), p(2), p(3), late(3, 3), late(1, 1), late(2, 2)]),
    ];
    for (case, sent) in cases {
        // Bit i of the pattern says whether everything is folded after row i.
        for pattern in 0..1_u32 << sent.len() {
            let folded = World::new();
            let plain = World::new();
            for (at, row) in sent.iter().enumerate() {
                for world in [&folded, &plain] {
                    world.append(std::slice::from_ref(row));
                    world.clock.advance(Duration::from_secs(1));
                }
                if pattern >> at & 1 == 1 {
                    folded.maintain();
                }
            }
            let arrivals = |world: &World| labelled_at(world.storage(), &world.snapshot(None)).expect("arrivals");
            assert_eq!(folded.read(None), plain.read(None), "{case}, folded {pattern:b}");
            assert_eq!(arrivals(&folded), arrivals(&plain), "{case}, folded {pattern:b}");
            let summary = |world: &World| world.storage().label_summary(&world.model()).expect("a summary");
            assert_eq!(summary(&folded), summary(&plain), "{case}, folded {pattern:b}");
        }
    }
}

#[test]
fn only_segments_that_hold_one_of_the_ids_are_written_anew() {
    let world = World::with(|options| options.segment_rows = 10);
    world.append(&(0..50).map(|n| prediction(n, n as i64, &[])).collect::<Vec<_>>());
    world.maintain();
    let ids = || world.snapshot(None).segments.iter().map(|segment| segment.id).collect::<BTreeSet<Uuid>>();
    let before = ids();
    world.append(&[delayed(13, &[("late", Int(1))]), delayed(38, &[("late", Int(0))])]);
    world.maintain();
    assert_eq!((before.len(), before.intersection(&ids()).count()), (5, 3));
    let snapshot = world.snapshot(None);
    assert!(snapshot.delayed(&["late"]).expect("cells").is_empty(), "nothing is left to join");
    assert_eq!(world.storage().model_summary(&world.model()).expect("a summary").delayed_rows, 0);
}

#[test]
fn segments_between_the_ids_of_pending_labels_are_read_as_they_are() {
    let world = World::with(|options| options.segment_rows = 10);
    world.append(&(0..30).map(|n| prediction(n, n as i64, &[])).collect::<Vec<_>>());
    world.seal();
    world.append(&[delayed(1, &[("late", Int(1))]), delayed(25, &[("late", Int(0))])]);
    for _ in 0..2 {
        let snapshot = world.snapshot(None);
        let cells = snapshot.delayed(&["late"]).expect("cells");
        let joined = snapshot.segments.iter().map(|segment| !cells.of(segment).is_empty()).collect::<Vec<_>>();
        assert_eq!(joined, [true, false, true]);
        world.seal();
    }
}

#[test]
fn what_is_folded_is_not_joined_again_though_other_labels_wait() {
    let world = World::new();
    world.append(&[prediction(1, 1, &[]), prediction(2, 2, &[])]);
    world.append(&[delayed(1, &[("late", Int(1))]), delayed(9, &[("late", Int(1))]), delayed(0, &[("late", Int(1))])]);
    world.maintain();
    let snapshot = world.snapshot(None);
    assert!(snapshot.delayed(&["late"]).expect("cells").is_empty(), "the rest was looked at for this segment");
    world.append(&[prediction(9, 9, &[])]);
    let cells = world.snapshot(None).delayed(&["late"]).expect("cells");
    assert!(!cells.is_empty() && cells.of(&snapshot.segments[0]).is_empty());
    assert_eq!(world.read(None)[2].cells["late"], Int(1));
}

#[test]
fn a_reader_sees_the_same_rows_before_while_and_after_folding() {
    let world = World::with(|options| options.segment_rows = 16);
    for n in 0..100_u128 {
        world.append(&[prediction(n, n as i64, &[("score", Float(n as f64))])]);
        if n % 3 == 0 {
            world.append(&[delayed(n / 2, &[("late", Int(n as i64))])]);
        }
        let held = world.snapshot(None);
        let before = read(world.storage(), &held, None).expect("reads");
        if n % 10 == 9 {
            world.maintain();
        }
        assert_eq!(read(world.storage(), &held, None).expect("reads"), before);
        assert_eq!(world.read(None), before);
    }
}

#[test]
fn labels_without_a_prediction_are_listed_and_expire() {
    let world = World::new();
    world.append(&[prediction(5, 5, &[])]);
    world.append(&[delayed(7, &[("late", Int(1))]), delayed(5, &[("late", Int(1))])]);
    world.clock.advance(Duration::from_secs(DAY_SECONDS));
    world.append(&[delayed(3, &[("late", Int(1))]), delayed(7, &[("late", Int(2))])]);
    let received = world.clock_micros();
    let listed = |after: Option<u128>, limit| {
        let after = after.map(Uuid::from_u128);
        let listed = world.storage().unmatched(&world.model(), after, limit).expect("a list");
        listed.iter().map(|unmatched| (unmatched.id.as_u128(), unmatched.received.micros())).collect::<Vec<_>>()
    };
    let day_before = received - DAY_SECONDS as i64 * 1_000_000;
    for _ in 0..2 {
        assert_eq!(listed(None, 10), [(3, received), (7, day_before)]);
        assert_eq!(listed(Some(3), 1), [(7, day_before)]);
        world.maintain();
    }
    let counts = || {
        let summary = world.storage().label_summary(&world.model()).expect("a summary");
        (summary.unmatched, summary.expired, summary.whole.labelled)
    };
    assert_eq!(counts(), (2, 0, 1));
    world.clock.advance(Duration::from_secs(89 * DAY_SECONDS + 1));
    world.maintain();
    assert_eq!(counts(), (1, 1, 1));
    world.clock.advance(Duration::from_secs(DAY_SECONDS));
    world.maintain();
    assert_eq!((counts(), world.files()), ((0, 2, 1), 1));
    world.append(&[prediction(3, 3, &[]), prediction(7, 7, &[])]);
    assert!(world.read(None).iter().all(|row| row.id == 5 || row.cells.is_empty()), "too late");
}

#[test]
fn a_prediction_in_the_log_keeps_its_label_from_expiring() {
    let world = World::new();
    world.append(&[delayed(7, &[("late", Int(1))])]);
    world.seal();
    world.clock.advance(Duration::from_secs(90 * DAY_SECONDS));
    world.append(&[prediction(7, 7, &[])]);
    world.clock.advance(Duration::from_secs(10));
    world.maintain();
    assert_eq!(world.read(None)[0].cells["late"], Int(1));
}

#[test]
fn a_row_without_values_is_no_label() {
    let world = World::new();
    world.append(&[prediction(1, 1, &[]), prediction(2, 2, &[])]);
    world.append(&[delayed(1, &[("late", crate::world::Null), ("why", text("fog"))])]);
    world.append(&[delayed(2, &[("late", crate::world::Null)]), delayed(3, &[])]);
    for _ in 0..2 {
        let summary = world.storage().label_summary(&world.model()).expect("a summary");
        assert_eq!((summary.whole.labelled, summary.unmatched), (1, 0));
        world.maintain();
    }
}

#[test]
fn files_made_before_a_crash_but_not_listed_are_swept_and_the_fold_is_done_again() {
    let world = World::with(|options| options.segment_rows = 5);
    world.append(&(0..20).map(|n| prediction(n, n as i64, &[])).collect::<Vec<_>>());
    world.append(&(0..25).map(|n| delayed(n, &[("late", Int(n as i64))])).collect::<Vec<_>>());
    world.seal();
    let crashed = TempDir::new().expect("a directory");
    copy(world.dir.path(), crashed.path());
    let before = world.read(None);
    let held = world.snapshot(None);
    world.maintain();
    // The catalog from before folding, the files from before and after it.
    copy(&world.dir.path().join("segments"), &crashed.path().join("segments"));
    drop(held);
    let storage = open(crashed.path(), &world.options).expect("opens after a crash");
    assert_eq!(crate::world::files(&crashed.path().join("segments")), 4 + 5);
    for _ in 0..2 {
        let model = storage.model(&name("m")).expect("reads").expect("the model");
        assert_eq!(read(&storage, &storage.snapshot(&model, None).expect("a snapshot"), None).expect("reads"), before);
        storage.maintain().expect("maintains");
    }
}

#[test]
fn a_thread_folds_when_it_is_due() {
    let world = World::with(|options| {
        options.background = true;
        options.merge_interval = Duration::from_millis(1);
        options.seal_rows = 2;
        options.fold_rows = 2;
    });
    let pending = || world.storage().model_summary(&world.model()).expect("a summary").delayed_rows;
    world.append(&[prediction(1, 1, &[]), prediction(2, 2, &[])]);
    world.append(&[delayed(1, &[("late", Int(1))]), delayed(2, &[("late", Int(1))])]);
    crate::world::eventually("two labels are folded", || pending() == 0);
    world.append(&[delayed(2, &[("late", Int(3))])]);
    world.clock.advance(Duration::from_secs(6 * 3_600));
    crate::world::eventually("an old label is sealed and folded", || pending() == 0);
    assert_eq!(world.read(None)[1].cells["late"], Int(3));
}
