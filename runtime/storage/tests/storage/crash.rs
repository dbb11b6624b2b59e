//! Crashes: a copy of the directory, taken without shutting down, holds every acknowledged row once.

use std::fs;

use driftline_storage::Storage;
use tempfile::TempDir;

use crate::world::{Int, Row, World, copy, delayed, files, open, prediction, read};

fn rows_of(storage: &Storage) -> Vec<Row> {
    let model = storage.model(&crate::world::name("m")).expect("reads").expect("the model");
    read(storage, &storage.snapshot(&model, None).expect("a snapshot"), None).expect("reads")
}

#[test]
fn every_acknowledged_row_is_there_once_whenever_the_crash_comes() {
    let world = World::with(|options| options.segment_rows = 7);
    for n in 0..24_u128 {
        world.append(&[prediction(n, n as i64, &[("a", Int(1))])]);
        world.append(&[delayed(n / 2, &[("late", Int(n as i64))])]);
        if n % 5 == 4 {
            world.seal();
        }
        if n % 7 == 6 {
            world.maintain();
        }
        if n % 3 == 0 {
            let crashed = TempDir::new().expect("a directory");
            copy(world.dir.path(), crashed.path());
            let storage = open(crashed.path(), &world.options).expect("opens after a crash");
            assert_eq!(rows_of(&storage), world.read(None), "after {n}");
            storage.seal_all().expect("seals");
            assert_eq!(rows_of(&storage), world.read(None), "after {n}, sealed");
            storage.maintain().expect("maintains");
            assert_eq!(rows_of(&storage), world.read(None), "after {n}, maintained");
        }
    }
}

#[test]
fn files_written_but_not_yet_listed_are_swept_and_nothing_is_doubled() {
    let world = World::new();
    let rows: Vec<Row> = (0..10).map(|n| prediction(n, n as i64, &[("a", Int(1))])).collect();
    world.append(&rows);
    world.append(&[delayed(3, &[("late", Int(1))])]);
    let crashed = TempDir::new().expect("a directory");
    copy(world.dir.path(), crashed.path());
    let before = world.read(None);
    world.seal();
    // The catalog from before sealing, the files from after it.
    copy(&world.dir.path().join("segments"), &crashed.path().join("segments"));
    fs::write(crashed.path().join("segments/1/half.parquet#1"), b"half").expect("writes");
    assert_eq!(files(&crashed.path().join("segments")), 3);
    let storage = open(crashed.path(), &world.options).expect("opens after a crash");
    assert_eq!(files(&crashed.path().join("segments")), 0);
    assert_eq!(rows_of(&storage), before);
}

#[test]
fn a_file_that_is_listed_is_never_swept() {
    let mut world = World::new();
    world.append(&[prediction(1, 1, &[("a", Int(1))])]);
    world.seal();
    let batch = crate::world::batch(&[prediction(1, 1, &[("a", Int(1))])]);
    world.storage().put_dataset(&crate::world::name("m"), &crate::world::name("d"), vec![batch]).expect("keeps");
    world.restart();
    assert_eq!(files(&world.dir.path().join("segments")), 1);
    assert_eq!(files(&world.dir.path().join("datasets")), 1);
}
