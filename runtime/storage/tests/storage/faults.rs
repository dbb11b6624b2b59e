//! Every step fails once in every way; recovery, the rest of the work, and then all rows as in a naive ledger.

mod ledger;
pub mod plan;
mod script;

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, ExitStatus},
    sync::Arc,
    time::{Duration, Instant},
};

use driftline_storage::{Error, Fault, Options, Step, Storage};
use tempfile::TempDir;

use crate::{
    deletions::traces,
    world::{ManualClock, name},
};
use ledger::{Ledger, Sight};
use plan::Plan;
use script::{Deed, MAIN};

/// Names the directory, the step, which time it is reached and the fault; set for the child process alone.
const CHILD: &str = "DRIFTLINE_FAULTS_CHILD";

fn options(plan: &Arc<Plan>) -> Options {
    let clock = Arc::new(ManualClock::default());
    Options { faults: plan.clone(), background: false, clock, segment_rows: 6, ..Options::default() }
}

/// In memory where that can be had: neither an error nor a process that dies cares for what was synced.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory")
}

fn open(dir: &Path, options: Options) -> Storage {
    // A child that another test is just starting holds the claim's file until it runs its own program.
    let started = Instant::now();
    loop {
        match Storage::open(dir, options.clone()) {
            Err(Error::InUse { .. }) if started.elapsed() < Duration::from_secs(10) => std::thread::yield_now(),
            opened => return opened.expect("storage opens after any failure"),
        }
    }
}

/// How often the script reaches each step when nothing fails; every deed is checked.
fn reached() -> BTreeMap<String, (Step, usize)> {
    let (folder, plan) = (folder(), Arc::new(Plan::watching()));
    let storage = open(folder.path(), options(&plan));
    let deeds = script::deeds();
    for (done, deed) in (1..).zip(&deeds) {
        deed.perform(&storage).expect("nothing fails");
        assert_eq!(Sight::of(&storage), Ledger::of(&deeds[..done]).sight(), "after {deed:?}");
    }
    plan.reached()
}

/// The times at which a step is made to fail: all when they are few, else some early, middle and late ones.
fn times(reached: usize) -> Vec<usize> {
    const MOST: usize = 5;
    if reached <= MOST {
        (1..=reached).collect()
    } else {
        (0..MOST).map(|n| 1 + n * (reached - 1) / (MOST - 1)).collect()
    }
}

/// What is seen after a deed that failed: all it does, or nothing.
fn is_whole_or_absent(storage: &Storage, deeds: &[Deed], done: usize, what: &str) {
    let (before, after) = (Ledger::of(&deeds[..done]).sight(), Ledger::of(&deeds[..=done]).sight());
    let seen = Sight::of(storage);
    assert!(seen == before || seen == after, "{what}: {seen:#?}, neither {before:#?} nor {after:#?}");
}

/// Performs the script with errors: whatever fails is done again, as a caller would.
fn with_error(step: Step, time: usize, fault: Fault) {
    let (folder, plan) = (folder(), Arc::new(Plan::failing(step, time, fault)));
    let storage = open(folder.path(), options(&plan));
    let (deeds, what) = (script::deeds(), format!("{fault:?} at {step:?} {time}"));
    for (done, deed) in deeds.iter().enumerate() {
        if let Err(error) = deed.perform(&storage) {
            assert!(plan.failed(), "{deed:?} failed by itself: {error}");
            is_whole_or_absent(&storage, &deeds, done, &what);
            deed.perform(&storage).unwrap_or_else(|error| panic!("{what}, {deed:?} again: {error}"));
        }
    }
    assert!(plan.failed(), "{step:?} was not reached a {time}. time");
    finish(storage, folder.path(), &what);
}

/// Performs the script in a process that dies on the way, then the rest of it in this one.
fn with_abort(step: Step, time: usize) {
    let folder = folder();
    let dir = folder.path();
    let status = child(dir, step, time);
    assert!(!status.success(), "{step:?} was not reached a {time}. time");
    let (deeds, done, what) = (script::deeds(), script::done(dir), format!("an abort at {step:?} {time}"));
    let storage = open(dir, options(&Arc::new(Plan::watching())));
    is_whole_or_absent(&storage, &deeds, done, &what);
    for deed in &deeds[done..] {
        deed.perform(&storage).unwrap_or_else(|error| panic!("{what}, {deed:?}: {error}"));
    }
    finish(storage, dir, &what);
}

/// Compares, also after everything is sealed and opened once more; nothing is left of what is gone.
fn finish(storage: Storage, dir: &Path, what: &str) {
    let ledger = Ledger::of(&script::deeds());
    let options = options(&Arc::new(Plan::watching()));
    assert_eq!(Sight::of(&storage), ledger.sight(), "{what}");
    storage.maintain().expect("seals, folds and merges");
    assert_eq!(Sight::of(&storage), ledger.sight(), "{what}");
    let summary = storage.model(&name(MAIN)).and_then(|model| storage.model_summary(&model.expect("the model")));
    assert_eq!(summary.expect("a summary").predictions, ledger.predictions(MAIN), "{what}");
    let unlisted = driftline_storage::verify(dir, &options).expect("checks").unlisted;
    assert_eq!((unlisted, traces(dir)), (vec![], vec![]), "{what}: no start has swept yet");
    drop(storage);
    let storage = open(dir, options.clone());
    assert_eq!(Sight::of(&storage), ledger.sight(), "{what}");
    drop(storage);
    let found = driftline_storage::verify(dir, &options).expect("checks");
    assert_eq!((found.problems, found.unlisted), (vec![], vec![]), "{what}");
}

fn child(dir: &Path, step: Step, time: usize) -> ExitStatus {
    let program = std::env::current_exe().expect("this program");
    Command::new(program)
        .args(["--exact", "faults::the_process_that_dies", "--ignored", "--nocapture"])
        .env(CHILD, format!("{time} {step:?} {}", dir.display()))
        .output()
        .expect("the child runs")
        .status
}

#[test]
#[ignore = "the tests of faults run it as a process of its own"]
fn the_process_that_dies() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let mut words = order.splitn(3, ' ');
    let mut word = || words.next().expect("three words");
    let (time, step, dir) = (word().parse().expect("a number"), word(), word());
    let step = *Step::ALL.iter().find(|known| format!("{known:?}") == step).expect("a step");
    let plan = Arc::new(Plan::failing(step, time, Fault::Abort));
    let storage = open(Path::new(dir), options(&plan));
    for (index, deed) in script::deeds().into_iter().enumerate() {
        deed.perform(&storage).expect("nothing fails but the process");
        script::record(Path::new(dir), index + 1);
    }
}

#[test]
fn every_step_is_reached_by_the_script() {
    let reached = reached();
    let of_backups = [Step::BackupCatalog, Step::BackupFile, Step::BackupManifest, Step::RestoreDone];
    let missing = |step: &&Step| !reached.contains_key(&plan::word(**step)) && !of_backups.contains(step);
    let missed: Vec<_> = Step::ALL.iter().filter(missing).collect();
    assert_eq!(missed, Vec::<&Step>::new());
}

#[test]
fn an_io_error_at_any_step_loses_and_doubles_nothing() {
    for (step, count) in reached().into_values() {
        times(count).into_iter().for_each(|time| with_error(step, time, Fault::Error));
    }
}

#[test]
fn a_short_write_of_any_file_loses_and_doubles_nothing() {
    let reached = reached();
    let writing: Vec<_> = reached.into_values().filter(|(step, _)| step.writes_a_file()).collect();
    assert!(!writing.is_empty());
    for (step, count) in writing {
        (1..=count).for_each(|time| with_error(step, time, Fault::ShortWrite));
    }
}

#[test]
fn an_abort_at_any_step_loses_and_doubles_nothing() {
    for (step, count) in reached().into_values() {
        times(count).into_iter().for_each(|time| with_abort(step, time));
    }
}
