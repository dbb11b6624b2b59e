//! Damage: a byte that changed on disk is an error, never another answer.

use std::{
    fs,
    path::{Path, PathBuf},
};

use driftline_storage::Error;

use crate::world::{Int, World, delayed, prediction, read};

fn only_file(dir: &Path) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a listing") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("reads");
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("writes");
}

#[test]
fn a_flipped_byte_in_a_segment_is_found() {
    let rows = || (0..50).map(|n| prediction(n, n as i64, &[("a", Int(n as i64))])).collect::<Vec<_>>();
    let mut world = World::new();
    world.append(&rows());
    world.seal();
    world.restart();
    let path = only_file(&world.dir.path().join("segments"));
    let snapshot = world.snapshot(None);
    let length = fs::metadata(&path).expect("metadata").len() as usize;
    for at in [0, length / 3, length / 2, length - 1] {
        flip(&path, at);
        let error = read(world.storage(), &snapshot, None).expect_err("damaged");
        assert!(matches!(&error, Error::Corrupt { place, .. } if place.starts_with("segments/")), "{error}");
        flip(&path, at);
    }
    assert_eq!(read(world.storage(), &snapshot, None).expect("whole again").len(), 50);
    fs::remove_file(&path).expect("removes");
    drop(snapshot);
    world.restart();
    let error = read(world.storage(), &world.snapshot(None), None).expect_err("missing");
    assert!(matches!(&error, Error::Corrupt { reason, .. } if reason.contains("missing")), "{error}");
}

#[test]
fn a_flipped_byte_in_sealed_delayed_metrics_is_found() {
    let mut world = World::new();
    world.append(&[delayed(1, &[("late", Int(1))])]);
    world.seal();
    world.restart();
    world.append(&[prediction(1, 1, &[])]);
    let path = only_file(&world.dir.path().join("segments"));
    flip(&path, 40);
    let error = read(world.storage(), &world.snapshot(None), None).expect_err("damaged");
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}
