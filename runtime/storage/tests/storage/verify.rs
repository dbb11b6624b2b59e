//! Checking a data directory from outside.

use std::fs;

use driftline_storage::{Error, Options, Verification, verify};
use tempfile::TempDir;

use crate::{
    flipped::{copies, everything},
    world::{Int, World, prediction},
};

fn checked(dir: &std::path::Path) -> Verification {
    verify(dir, &Options::default()).expect("checks")
}

#[test]
fn a_whole_directory_has_no_problems_open_or_closed() {
    let world = World::new();
    everything::put(&world);
    let open = checked(world.dir.path());
    assert!(open.in_use);
    let (dir, _) = world.stop();
    let closed = checked(dir.path());
    assert_eq!(closed, Verification { in_use: false, pages: closed.pages, ..open });
    assert_eq!((closed.problems, closed.unlisted), (vec![], vec![]));
    assert_eq!((closed.models, closed.predictions, closed.segments, closed.other_files), (2, 60, 2, 2));
    assert!(closed.pages > 20 && closed.log_rows > 0 && closed.bytes > 0);
}

#[test]
fn every_damaged_and_every_missing_file_is_named() {
    let world = World::new();
    everything::put(&world);
    let (dir, _) = world.stop();
    for file in ["segments", "datasets", "plugins"].iter().flat_map(|folder| copies::files(&dir.path().join(folder))) {
        let name = file.strip_prefix(dir.path()).expect("below").to_string_lossy().into_owned();
        let bytes = fs::read(&file).expect("reads");
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 2] ^= 1;
        fs::write(&file, damaged).expect("writes");
        let problems = checked(dir.path()).problems;
        assert!(matches!(&problems[..], [problem] if problem.place == name), "{name}: {problems:?}");
        fs::remove_file(&file).expect("removes");
        let problems = checked(dir.path()).problems;
        assert!(matches!(&problems[..], [problem] if problem.place == name), "{name}: {problems:?}");
        fs::write(&file, bytes).expect("writes");
    }
    fs::write(dir.path().join("segments/2/other.parquet"), "").expect("writes");
    let found = checked(dir.path());
    assert_eq!((found.problems.len(), found.unlisted.len()), (0, 1));
}

#[test]
fn a_damaged_page_of_the_catalog_is_named() {
    let world = World::new();
    everything::put(&world);
    let (dir, _) = world.stop();
    let file = dir.path().join("catalog.db");
    let bytes = fs::read(&file).expect("reads");
    for at in (0..bytes.len()).step_by(8192) {
        let mut damaged = bytes.clone();
        damaged[at + 4000] ^= 1;
        fs::write(&file, damaged).expect("writes");
        let page = format!("page {} ", at / 8192 + 1);
        let problems = checked(dir.path()).problems;
        assert!(problems.iter().any(|problem| problem.what.contains(&page)), "{page}: {problems:?}");
    }
}

#[test]
fn an_id_that_occurs_twice_is_found() {
    let world = World::new();
    world.append(&[prediction(1, 1, &[("a", Int(1))]), prediction(2, 1, &[("a", Int(1))])]);
    world.seal();
    world.append(&[prediction(3, 1, &[("a", Int(1))]), prediction(2, 5, &[("a", Int(1))])]);
    let found = checked(world.dir.path());
    assert!(matches!(&found.problems[..], [problem] if problem.what.contains("more than once")), "{found:?}");
}

#[test]
fn what_is_no_data_directory_is_an_error() {
    let nothing = TempDir::new().expect("a directory");
    let error = verify(nothing.path(), &Options::default()).expect_err("nothing there");
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}
