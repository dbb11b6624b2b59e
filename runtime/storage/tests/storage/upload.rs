//! Uploads: many rows straight to segments, all or none, with the meaning of the same rows appended.

use std::{collections::BTreeSet, fs, path::Path};

use driftline_core::{ColumnType, Digest};
use driftline_storage::{Committed, Error, Kind, NewUpload, Retry, Started, Unique, Upload};

use tempfile::TempDir;

use crate::world::{Cell, Float, Int, Row, World, batch, copy, delayed, name, open, prediction, text, window};

const DAY: i64 = 86_400_000_000;
const UNIQUE: Unique = Unique { count: |_, duplicates| duplicates.to_string() };

fn start(world: &World, kind: Kind, key: Option<&str>) -> Started {
    let retry = key.map(|key| Retry { key: key.into(), fingerprint: Digest::of(b"body") });
    let new =
        NewUpload { model: name("m"), kind, create_model: kind == Kind::Predictions, retry, unique: Some(UNIQUE) };
    world.storage().start_upload(new).expect("starts")
}

fn fresh(started: Started) -> Upload {
    match started {
        Started::Fresh(upload) => *upload,
        Started::Replayed(answer) => panic!("replayed: {answer}"),
    }
}

/// An upload of rows, in batches of three, not committed yet.
fn written(world: &World, kind: Kind, rows: &[Row]) -> Upload {
    let mut upload = fresh(start(world, kind, None));
    rows.chunks(3).for_each(|rows| upload.write(&batch(rows), false).expect("writes"));
    upload
}

/// Uploads rows, which have times or have none.
pub fn upload(world: &World, rows: &[Row]) {
    let kind = if rows.iter().any(|row| row.time.is_some()) { Kind::Predictions } else { Kind::Delayed };
    let committed = written(world, kind, rows).commit(String::new()).expect("commits");
    assert!(matches!(committed, Committed::Fresh { .. }), "{committed:?}");
}

/// The files of segments on disk.
fn files(dir: &Path) -> BTreeSet<String> {
    let folders = fs::read_dir(dir.join("segments")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).expect("a folder")).flatten();
    files.map(|file| file.path().display().to_string()).collect()
}

fn rows(count: u128) -> Vec<Row> {
    (0..count).map(|n| prediction(n * 7 % count, (n * 13 % count) as i64 * DAY, &[("a", Int(n as i64))])).collect()
}

#[test]
fn an_upload_reads_like_the_same_rows_appended() {
    for (segment_rows, count) in [(8, 60), (1 << 20, 60), (4, 3)] {
        let (uploaded, appended) = [(); 2].map(|()| World::with(|options| options.segment_rows = segment_rows)).into();
        upload(&uploaded, &rows(count));
        appended.append(&rows(count));
        assert_eq!(uploaded.read(None), appended.read(None), "{segment_rows} {count}");
        let logged = uploaded.storage().model_summary(&uploaded.model()).expect("a summary").unsealed_rows;
        assert_eq!(logged > 0, count < segment_rows as u128, "few rows go into the log");
    }
}

#[test]
fn what_is_not_committed_is_nowhere_and_leaves_nothing() {
    let world = World::with(|options| options.segment_rows = 8);
    let given_up = written(&world, Kind::Predictions, &rows(40));
    assert_eq!(world.storage().model(&name("m")).expect("reads"), None, "nothing shows, not even the model");
    assert!(!files(world.dir.path()).is_empty());
    drop(given_up);
    assert_eq!(files(world.dir.path()), BTreeSet::new());
    // A crash drops nothing.
    let crashed = TempDir::new().expect("a directory");
    let under_way = written(&world, Kind::Predictions, &rows(40));
    copy(world.dir.path(), crashed.path());
    drop(under_way);
    assert!(!files(crashed.path()).is_empty());
    let storage = open(crashed.path(), &world.options).expect("opens");
    assert_eq!(storage.model(&name("m")).expect("reads"), None);
    assert_eq!(files(crashed.path()), BTreeSet::new(), "the start sweeps");
    upload(&world, &rows(40));
    assert_eq!(world.read(None).len(), 40);
}

#[test]
fn a_refused_row_refuses_the_upload() {
    let world = World::with(|options| options.segment_rows = 8);
    world.append(&[prediction(900, 0, &[("a", Int(1))])]);
    let mut refused = written(&world, Kind::Predictions, &rows(20));
    let error = refused.write(&batch(&[prediction(901, 0, &[("a", text("x"))])]), false).expect_err("another type");
    assert!(matches!(error, Error::Schema(_)), "{error}");
    drop(refused);
    assert_eq!((world.read(None).len(), files(world.dir.path()).len()), (1, 0));
}

#[test]
fn a_key_counts_once_whichever_attempt_comes_through() {
    let mut world = World::with(|options| options.segment_rows = 8);
    let begin = |world: &World| {
        let mut upload = fresh(start(world, Kind::Predictions, Some("key")));
        rows(20).chunks(3).for_each(|rows| upload.write(&batch(rows), false).expect("writes"));
        upload
    };
    let (first, second) = (begin(&world), begin(&world));
    assert!(matches!(first.commit("one".into()), Ok(Committed::Fresh { .. })));
    let lost = second.commit("two".into()).expect("an answer");
    // Both began before there was a model, and only one could make it.
    assert_eq!(lost, Committed::Outrun);
    for _ in 0..2 {
        assert!(matches!(start(&world, Kind::Predictions, Some("key")), Started::Replayed(answer) if answer == "one"));
        world.restart();
    }
    assert_eq!((world.read(None).len(), files(world.dir.path()).len()), (20, world.snapshot(None).segments.len()));
    let (first, second) = (second_key(&world), second_key(&world));
    assert!(matches!(first.commit("three".into()), Ok(Committed::Fresh { .. })));
    assert_eq!(second.commit("four".into()).expect("an answer"), Committed::Replayed("three".into()));
    assert_eq!((world.read(None).len(), files(world.dir.path()).len()), (32, world.snapshot(None).segments.len()));
}

fn second_key(world: &World) -> Upload {
    let mut upload = fresh(start(world, Kind::Predictions, Some("other")));
    let rows: Vec<Row> = (100..112).map(|n| prediction(n, 0, &[("a", Int(1))])).collect();
    upload.write(&batch(&rows), false).expect("writes");
    upload
}

/// Uploads rows that came with their ids; gives how many were there already, or nothing when others were faster.
pub fn upload_with_ids(world: &World, rows: &[Row], meanwhile: impl FnOnce()) -> Option<u64> {
    let mut upload = fresh(start(world, Kind::Predictions, None));
    rows.chunks(3).for_each(|rows| upload.write(&batch(rows), true).expect("writes"));
    meanwhile();
    match upload.commit("0".into()).expect("an answer") {
        Committed::Fresh { answer, duplicates, .. } => {
            assert_eq!(answer, duplicates.to_string());
            Some(duplicates)
        }
        Committed::Outrun => None,
        Committed::Replayed(answer) => panic!("replayed: {answer}"),
    }
}

fn with_ids(ids: std::ops::Range<u128>, value: i64) -> Vec<Row> {
    ids.map(|id| prediction(id, id as i64, &[("a", Int(value))])).collect()
}

#[test]
fn rows_whose_ids_are_in_the_model_are_left_out_wherever_they_are() {
    // Few rows are appended, many become segments.
    for count in [5, 60] {
        for (place, go) in [
            ("in the log", (|_| {}) as fn(&mut World)),
            ("in a segment", |world| world.seal()),
            ("in a segment after a restart", |world| {
                world.seal();
                world.restart();
            }),
            ("in merged segments", |world| world.maintain()),
        ] {
            let mut world = World::with(|options| options.segment_rows = 8);
            world.append(&with_ids(2..5, 1));
            go(&mut world);
            assert_eq!(upload_with_ids(&world, &with_ids(0..count, 2), || {}), Some(3), "{place}");
            assert_eq!(upload_with_ids(&world, &with_ids(0..count, 3), || {}), Some(count as u64), "{place}");
            let expected = [with_ids(0..2, 2), with_ids(2..5, 1), with_ids(5..count, 2)].concat();
            assert_eq!(world.read(None), expected, "{place}, {count} rows");
        }
    }
}

#[test]
fn what_others_bring_during_an_upload_stays_and_the_upload_begins_again() {
    for (way, go) in [
        ("in the log", (|_| {}) as fn(&World)),
        ("in a segment", |world| world.seal()),
        ("in merged segments", |world| world.maintain()),
    ] {
        let world = World::with(|options| options.segment_rows = 8);
        world.append(&with_ids(900..910, 0));
        let bring = |ids| {
            world.append(&with_ids(ids, 1));
            go(&world);
        };
        assert_eq!(upload_with_ids(&world, &with_ids(0..60, 2), || bring(100..140)), Some(0), "{way}: others' ids");
        let files = files(world.dir.path()).len();
        assert_eq!(upload_with_ids(&world, &with_ids(200..260, 2), || bring(230..231)), None, "{way}: the same id");
        assert_eq!(world.read(Some(window(200, 260))), with_ids(230..231, 1), "{way}: nothing is left of it");
        assert_eq!(upload_with_ids(&world, &with_ids(200..260, 2), || {}), Some(1), "{way}: the second time");
        assert!(files <= self::files(world.dir.path()).len());
    }
}

#[test]
fn two_uploads_of_the_same_rows_are_kept_once() {
    let world = World::with(|options| options.segment_rows = 8);
    let rows = with_ids(0..60, 1);
    let lost = upload_with_ids(&world, &rows, || assert_eq!(upload_with_ids(&world, &rows, || {}), Some(0)));
    assert_eq!(lost, None);
    assert_eq!(world.read(None), rows);
}

#[test]
fn the_last_delayed_value_wins_across_log_and_uploads() {
    let value = |n: u128, cell: Cell| delayed(n, &[("late", cell)]);
    let all = |first: i64| -> Vec<Row> { (0..30).map(|n| value(n, Int(first + n as i64))).collect() };
    for sealed_after in 0..4 {
        let mut world = World::with(|options| options.segment_rows = 8);
        world.append(&(0..30).map(|n| prediction(n, 0, &[("a", Int(0))])).collect::<Vec<_>>());
        let seal_at = |world: &World, step: usize| {
            if step == sealed_after {
                world.seal()
            }
        };
        world.append(&[value(1, Int(-1)), value(2, Int(-2)), value(40, Int(-40))]);
        seal_at(&world, 0);
        upload(&world, &all(100));
        seal_at(&world, 1);
        world.append(&[value(2, Int(-200))]);
        seal_at(&world, 2);
        upload(&world, &[all(1000), vec![value(3, Int(7))]].concat()[3..]);
        world.append(&[value(4, Int(-400))]);
        for sealed in [false, true] {
            if sealed {
                world.seal();
                world.restart();
            }
            let late: Vec<i64> = world
                .read(None)
                .iter()
                .map(|row| match row.cells.get("late") {
                    Some(Int(value)) => *value,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(late[..6], [100, 101, -200, 7, -400, 1005], "sealed after step {sealed_after}, then {sealed}");
            assert_eq!(late[29], 1029);
        }
    }
}

#[test]
fn integers_that_floats_would_round_never_meet_them() {
    let wide = i64::MAX - 1;
    let row = |id: u128, cell: Cell| [prediction(id, 0, &[("a", cell)])];
    for reopened in [false, true] {
        let mut world = World::new();
        world.append(&row(1, Int(wide)));
        if reopened {
            world.restart();
        }
        let refused = world.try_append(&row(2, Float(0.5)), None, "").expect_err("floats");
        assert!(refused.to_string().contains("2^53"), "{refused}");
        world.append(&row(3, Int(5)));
        assert_eq!(world.model().schema.column_type("a"), Some(ColumnType::Integer));
        let world = World::new();
        world.append(&row(1, Float(0.5)));
        world.append(&row(2, Int(1 << 53)));
        let refused = world.try_append(&row(3, Int(wide)), None, "").expect_err("a wide integer");
        assert!(refused.to_string().contains("2^53"), "{refused}");
        assert_eq!(world.read(None).len(), 2);
    }
}

#[test]
fn a_dataset_has_one_schema_however_its_rows_come() {
    let world = World::new();
    world.storage().put_model(&name("m"), Default::default()).expect("writes");
    let mut upload = world.storage().start_dataset(&name("m"), &name("d")).expect("starts");
    let table = |n: u128, pairs: &[(&str, Cell)]| batch(&[delayed(n, pairs)]).project(&[1]).expect("no id");
    for (n, cell) in [Int(1), Float(2.5), Int(3)].into_iter().enumerate() {
        upload.write(&table(n as u128, &[("a", cell)])).expect("writes");
    }
    upload.write(&table(3, &[("b", text("x"))])).expect("writes");
    assert_eq!(world.storage().dataset(&name("m"), &name("d")).expect("reads"), None);
    let dataset = upload.commit().expect("commits");
    let types: Vec<_> = dataset.schema.columns().iter().map(|c| (c.name.as_str(), c.column_type)).collect();
    assert_eq!((dataset.rows, types), (4, vec![("a", ColumnType::Float), ("b", ColumnType::Text)]));
    assert_eq!(world.storage().dataset(&name("m"), &name("d")).expect("reads"), Some(dataset));
}
