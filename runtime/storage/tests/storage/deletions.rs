//! What is deleted is out of sight at once and erased in steps, after each of which the process may die.

use std::{fs, path::Path, sync::Arc};

use driftline_storage::{Deletion, Erasing, Error, Fault, Step, Subject};

use crate::{
    faults::plan::Plan,
    world::{Int, Row, World, batch, delayed, name, prediction, window},
};

/// An id whose bytes occur nowhere by chance.
pub const ID: u128 = 0x7f3a_91c4_5be2_4d08_a6d1_93e7_c25b_f04e;

/// Files below `folder` that hold the id.
pub fn traces(folder: &Path) -> Vec<String> {
    let bytes = ID.to_be_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(traces(&path));
        } else if fs::read(&path).expect("a file").windows(16).any(|window| window == bytes) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Rows with the id among them: in segments, in the log, and as delayed metrics in both.
fn world() -> World {
    let world = World::with(|options| options.segment_rows = 8);
    world.append(&[delayed(ID, &[("late", Int(1))]), delayed(3, &[("late", Int(3))])]);
    world.seal();
    world.append(&(0..20).map(|n| prediction(n, n as i64, &[("a", Int(1))])).collect::<Vec<_>>());
    world.append(&[prediction(ID, 7, &[("a", Int(2))])]);
    world.seal();
    world.append(&[delayed(ID, &[("late", Int(4))]), delayed(5, &[("late", Int(5))])]);
    world
}

fn delete(world: &World) -> Deletion {
    world.storage().delete_prediction(&name("m"), ID.to_be_bytes()).expect("deletes")
}

/// Erases to the end; gives how many steps that took.
fn erase(world: &World) -> usize {
    let step = || world.storage().erase().expect("erases");
    std::iter::repeat_with(step).take_while(|step| *step == Erasing::Worked).count()
}

fn without_it(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().filter(|row| row.id != ID).collect()
}

#[test]
fn a_prediction_is_gone_for_good_whenever_the_crash_comes() {
    let steps = {
        let world = world();
        delete(&world);
        erase(&world)
    };
    assert!(steps >= 4, "{steps} steps");
    for survived in 0..=steps {
        let world = world();
        let before = without_it(world.read(None));
        assert_eq!(before.len(), 20);
        assert!(traces(world.dir.path()).len() >= 2, "the search finds it before");
        let deletion = delete(&world);
        assert_eq!(world.read(None), before);
        for _ in 0..survived {
            assert_eq!(world.storage().erase().expect("erases"), Erasing::Worked);
            assert_eq!(world.read(None), before);
        }
        let mut crashed = World::copied(&world);
        assert_eq!(crashed.read(None), before, "after {survived}");
        erase(&crashed);
        let done = crashed.storage().deletion(deletion.id).expect("reads").expect("the deletion");
        assert_eq!((done.finished.is_some(), done.rows), (true, 3), "after {survived}");
        assert_eq!(traces(crashed.dir.path()), [""; 0], "after {survived}");
        crashed.append(&[prediction(ID, 7, &[("a", Int(9))])]);
        crashed.append(&[delayed(ID, &[("late", Int(9))])]);
        crashed.restart();
        crashed.append(&[delayed(ID, &[("late", Int(9))])]);
        assert_eq!(crashed.read(None), before, "what comes late is dropped, also by the next life");
        crashed.storage().maintain().expect("folds and merges");
        assert_eq!((crashed.read(None), traces(crashed.dir.path())), (before, Vec::<String>::new()));
    }
}

#[test]
fn an_open_snapshot_holds_up_the_end_but_not_the_reading_of_others() {
    let world = world();
    let early = world.snapshot(None);
    let deletion = delete(&world);
    while world.storage().erase().expect("erases") == Erasing::Worked {}
    let state = || world.storage().deletion(deletion.id).expect("reads").expect("the deletion").finished;
    assert_eq!((state(), world.storage().erase().expect("erases")), (None, Erasing::Waiting));
    assert_eq!(crate::world::read(world.storage(), &early, None).expect("reads").len(), 21);
    assert_eq!(world.read(None).len(), 20);
    drop(early);
    erase(&world);
    assert!(state().is_some() && traces(world.dir.path()).is_empty());
}

#[test]
fn labels_of_a_deleted_prediction_are_out_of_sight_at_once() {
    let world = world();
    delete(&world);
    let summary = world.storage().label_summary(&world.model()).expect("a summary");
    assert_eq!((summary.whole.predictions, summary.whole.labelled, summary.unmatched), (20, 2, 0));
    assert_eq!(world.storage().unmatched(&world.model(), None, 9).expect("a list"), []);
}

/// Fails the step once.
fn failing(step: Step) -> World {
    let plan = Arc::new(Plan::failing(step, 1, Fault::Error));
    let world = World::with(|options| options.faults = plan.clone());
    world.append(&[prediction(ID, 7, &[("a", Int(2))])]);
    world
}

#[test]
fn what_failures_left_behind_goes_with_the_rest() {
    for step in [Step::FileSync, Step::FileSyncFolder, Step::SealList, Step::SealRemove, Step::ReplaceList] {
        let world = failing(step);
        if step == Step::ReplaceList {
            world.seal();
            world.append(&[delayed(ID, &[("late", Int(1))])]);
        }
        world.storage().maintain().expect_err("it fails once");
        delete(&world);
        erase(&world);
        assert_eq!(traces(world.dir.path()), [""; 0], "{step:?}");
    }
}

#[test]
fn a_dataset_goes_with_its_model_also_one_that_another_took_the_place_of() {
    let world = World::new();
    world.append(&[prediction(1, 1, &[("a", Int(1))])]);
    let put = |value| {
        let rows = vec![batch(&[prediction(1, 1, &[("a", Int(value))])])];
        world.storage().put_dataset(&name("m"), &name("train"), rows).expect("writes")
    };
    let pin = world.storage().pin();
    let (old, new) = (put(1), put(2));
    let files = || crate::world::files(&world.dir.path().join("datasets"));
    world.storage().delete_replaced().expect("deletes");
    assert_eq!(files(), 2);
    world.storage().verify_dataset(&old).expect("who holds a pin reads it still");
    drop(pin);
    world.storage().delete_replaced().expect("deletes");
    assert_eq!(files(), 1);
    world.storage().verify_dataset(&new).expect("a whole file");
    world.storage().delete_model(&name("m")).expect("deletes");
    erase(&world);
    assert_eq!(files(), 0);
}

#[test]
fn a_deletion_that_fails_drops_no_row_that_comes_after_it() {
    for step in [Step::DeleteHide, Step::TransactionCommit] {
        let plan = Arc::new(Plan::watching());
        let world = World::with(|options| options.faults = plan.clone());
        world.append(&[prediction(1, 1, &[("a", Int(1))])]);
        plan.fail(step, Fault::Full);
        world.storage().delete_prediction(&name("m"), ID.to_be_bytes()).expect_err("the disk is full");
        world.append(&[prediction(ID, 7, &[("a", Int(2))])]);
        assert_eq!(world.read(None).len(), 2, "{step:?}");
    }
}

#[test]
fn an_unknown_id_and_one_that_is_gone_are_deleted_with_no_rows() {
    let world = world();
    let unknown = world.storage().delete_prediction(&name("m"), [9; 16]).expect("deletes");
    let (first, again) = (delete(&world), delete(&world));
    assert_eq!(first.id, again.id, "the one under way");
    erase(&world);
    let later = delete(&world);
    erase(&world);
    for (id, rows) in [(unknown.id, 0), (first.id, 3), (later.id, 0)] {
        let done = world.storage().deletion(id).expect("reads").expect("the deletion");
        assert_eq!((done.finished.is_some(), done.rows, done.subject), (true, rows, Subject::Prediction));
    }
    assert!(matches!(world.storage().delete_prediction(&name("none"), [9; 16]), Err(Error::NotFound { .. })));
}

#[test]
fn a_model_is_gone_for_good_whenever_the_crash_comes() {
    for survived in 0..12 {
        let world = world();
        let deletion = world.storage().delete_model(&name("m")).expect("deletes");
        for _ in 0..survived {
            world.storage().erase().expect("erases");
        }
        let crashed = World::copied(&world);
        assert_eq!(crashed.storage().model(&name("m")).expect("reads"), None);
        crashed.append(&[prediction(1, 1, &[("a", Int(1))])]);
        crashed.storage().maintain().expect("folds and merges");
        erase(&crashed);
        let done = crashed.storage().deletion(deletion.id).expect("reads").expect("the deletion");
        assert!(done.finished.is_some(), "after {survived}");
        assert_eq!(traces(crashed.dir.path()), [""; 0], "after {survived}");
        assert_eq!(crashed.read(Some(window(0, 100))).len(), 1, "the new model's row");
    }
}
