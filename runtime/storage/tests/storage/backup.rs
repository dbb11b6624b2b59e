//! Backups: whole copies that can be restored, and nothing else that can.

use std::{fs, path::Path, sync::Arc};

use driftline_storage::{Error, Fault, Options, Step, backup, restore, verify};
use tempfile::TempDir;

use crate::{
    faults::plan::Plan,
    flipped::{copies, everything},
    world::{Int, World, open, prediction},
};

fn plain() -> Options {
    Options::default()
}

fn sample() -> World {
    let world = World::new();
    everything::put(&world);
    world
}

/// A backup of `world`, which stays open, and the directory it is in.
fn backed_up(world: &World) -> TempDir {
    let to = TempDir::new().expect("a directory");
    backup(world.dir.path(), to.path(), &plain()).expect("a backup");
    to
}

fn reason(result: Result<impl std::fmt::Debug, Error>) -> String {
    match result {
        Err(Error::Backup(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_restored_directory_holds_what_the_running_one_held() {
    let world = sample();
    let truth = everything::read(world.storage()).expect("reads");
    let to = backed_up(&world);
    world.append(&[prediction(9_000, 1, &[("age", Int(1))])]);
    world.seal();
    let restored = TempDir::new().expect("a directory");
    let copied = restore(to.path(), restored.path(), &plain()).expect("restores");
    let files = copies::files(to.path());
    assert_eq!(copied.files as usize + 1, files.len(), "nothing but the files and the manifest: {files:?}");
    let found = verify(restored.path(), &plain()).expect("checks");
    assert_eq!((found.problems, found.unlisted), (vec![], vec![]));
    let storage = open(restored.path(), &world.options).expect("opens");
    assert_eq!(everything::read(&storage).expect("reads"), truth);
}

#[test]
fn a_damaged_backup_is_refused_by_the_name_of_the_damaged_file() {
    let world = sample();
    let to = backed_up(&world);
    for file in copies::files(to.path()) {
        let bytes = fs::read(&file).expect("reads");
        let refused = || {
            let target = TempDir::new().expect("a directory");
            let reason = reason(restore(to.path(), target.path(), &plain()));
            assert!(reason.contains(&*file.to_string_lossy()), "{reason}");
        };
        for damaged in [flipped(&bytes), bytes[..bytes.len() - 1].to_vec()] {
            fs::write(&file, damaged).expect("writes");
            refused();
        }
        fs::remove_file(&file).expect("removes");
        refused();
        fs::write(&file, bytes).expect("writes");
    }
    restore(to.path(), TempDir::new().expect("a directory").path(), &plain()).expect("whole again");
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    bytes
}

#[test]
fn a_backup_that_was_cut_off_is_none_and_a_restore_that_was_cut_off_does_not_open() {
    let world = sample();
    for step in [Step::BackupCatalog, Step::BackupFile, Step::BackupManifest] {
        let to = TempDir::new().expect("a directory");
        let faults = Arc::new(Plan::failing(step, 1, Fault::ShortWrite));
        backup(world.dir.path(), to.path(), &Options { faults, ..plain() }).expect_err("cut off");
        let reason = reason(restore(to.path(), TempDir::new().expect("a directory").path(), &plain()));
        assert!(reason.contains("MANIFEST"), "{reason}");
    }
    let to = backed_up(&world);
    for (step, time) in [(Step::BackupFile, 1), (Step::FileWrite, 1), (Step::FileSync, 2), (Step::RestoreDone, 1)] {
        let target = TempDir::new().expect("a directory");
        let faults = Arc::new(Plan::failing(step, time, Fault::ShortWrite));
        restore(to.path(), target.path(), &Options { faults, ..plain() }).expect_err("cut off");
        assert!(reason(open(target.path(), &plain()).map(drop)).contains("restore again"));
        assert!(reason(restore(to.path(), target.path(), &plain())).contains("not empty"));
    }
}

#[test]
fn only_a_new_directory_is_written_to() {
    let world = sample();
    let to = backed_up(&world);
    assert!(reason(backup(world.dir.path(), to.path(), &plain())).contains("not empty"));
    let target = TempDir::new().expect("a directory");
    fs::write(target.path().join("something"), "").expect("writes");
    assert!(reason(restore(to.path(), target.path(), &plain())).contains("not empty"));
    assert!(!Path::new(target.path()).join("catalog.db").exists());
    let nothing = TempDir::new().expect("a directory");
    let error = backup(nothing.path(), &target.path().join("new"), &plain()).expect_err("nothing there");
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}
