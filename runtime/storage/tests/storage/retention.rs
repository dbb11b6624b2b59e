//! Rows past their time: each is to be seen or in exactly one kept state, whatever happens between.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use driftline_storage::{Definition, Fault, Faults, Grain, KeptFile, KeptState, RetentionStep, Step as Reached};
use proptest::prelude::*;

use crate::{
    summed::{self, HOUR, Sum, definition, hourly, kept, key, sum, sum_of},
    world::{Int, NOW, Row, World, copy, delayed, name, prediction, time, window},
};

const DAY: i64 = 24 * HOUR;

fn keep_for(world: &World, raw_days: u32, summary_days: Option<u32>) {
    summed::keep_for(world.storage(), &name("m"), raw_days, summary_days).expect("writes");
}

/// Does all that is due.
fn retain(world: &World) {
    summed::retain(world.storage(), &name("m")).expect("retains");
}

/// Takes the next step, if one is due.
fn retain_once(world: &World) -> bool {
    summed::retain_once(world.storage(), &name("m")).expect("a step")
}

fn states(world: &World) -> Vec<KeptState> {
    world.snapshot(None).kept(key()).expect("reads")
}

/// Everything that is to be seen or kept.
fn whole(world: &World) -> Sum {
    let (seen, kept) = (sum_of(world.read(None).iter().map(|row| row.id)), sum(&states(world)));
    (seen.0 + kept.0, seen.1 + kept.1)
}

fn bytes(world: &World, folder: &str) -> u64 {
    fn of(path: std::path::PathBuf) -> u64 {
        let Ok(entries) = std::fs::read_dir(path) else { return 0 };
        let size =
            |path: std::path::PathBuf| if path.is_dir() { of(path) } else { path.metadata().map_or(0, |m| m.len()) };
        entries.map(|entry| size(entry.expect("an entry").path())).sum()
    }
    of(world.dir.path().join(folder))
}

#[test]
fn rows_past_their_time_go_and_their_states_stay() {
    let mut world = World::new();
    keep_for(&world, 30, Some(365));
    let rows: Vec<Row> = (0..6_000)
        .map(|n| prediction(n, NOW - 100 * DAY + n as i64 * 24 * 60_000_000, &[("a", Int(n as i64))]))
        .collect();
    world.append(&rows);
    world.seal();
    let before = bytes(&world, "segments");
    retain(&world);
    let horizon = world.model().horizon.expect("a horizon");
    assert_eq!(horizon, Grain::Hour.around(time(NOW - 30 * DAY)).start());
    let (seen, expected) = (world.read(None), rows.iter().filter(|row| row.time.expect("a time") >= horizon.micros()));
    assert_eq!(seen.len(), expected.count());
    // The file of the month in which the horizon lies stays whole: less than half of its rows are gone.
    assert!(bytes(&world, "segments") < before * 6 / 10);
    assert_eq!(whole(&world), sum_of(rows.iter().map(|row| row.id)));
    assert_eq!(world.snapshot(None).covered(key()).len(), 1);
    let past = world.snapshot(Some(window(NOW - 90 * DAY, NOW - 80 * DAY)));
    assert_eq!((past.segments.len(), past.unsealed.len()), (0, 0));
    drop(past);
    world.restart();
    assert_eq!(whole(&world), sum_of(rows.iter().map(|row| row.id)));
    let grains: Vec<Grain> = states(&world).iter().map(|kept| Grain::of(kept.window)).collect();
    assert!(grains.contains(&Grain::Hour) && grains.contains(&Grain::Day), "{grains:?}");
    world.clock.advance(Duration::from_secs(500 * 86_400));
    retain(&world);
    assert_eq!((world.read(None).len(), states(&world).len(), bytes(&world, "segments")), (0, 0, 0));
    assert!(world.snapshot(None).covered(key()).iter().all(|c| c.start() >= time(NOW + 134 * DAY)));
}

#[test]
fn a_step_whose_files_were_replaced_changes_nothing() {
    let world = World::new();
    keep_for(&world, 1, None);
    world.append(&[prediction(1, NOW - 3 * DAY, &[]), prediction(2, NOW - 2 * DAY, &[])]);
    let storage = world.storage();
    let late = storage.retention_step(&world.model()).expect("a step").expect("due");
    retain(&world);
    let mut file = KeptFile::new().expect("a file");
    file.add(key(), &hourly_again(&late)).expect("adds");
    assert!(!storage.roll_up(late, file, vec![definition()]).expect("answers"));
    assert_eq!(whole(&world), (2, 3));
}

/// States that would count rows twice if they were taken.
fn hourly_again(step: &RetentionStep) -> Vec<KeptState> {
    let window = Grain::Hour.around(step.hours.expect("hours").start());
    vec![kept(window, (2, 3))]
}

#[test]
fn a_step_that_began_before_a_deletion_changes_nothing() {
    let world = World::new();
    keep_for(&world, 1, None);
    world.append(&[prediction(1, NOW - 3 * DAY, &[]), prediction(2, NOW - 3 * DAY, &[])]);
    let storage = world.storage();
    let step = storage.retention_step(&world.model()).expect("a step").expect("due");
    let mut file = KeptFile::new().expect("a file");
    file.add(key(), &hourly(storage, &step)).expect("adds");
    storage.delete_prediction(&name("m"), 1_u128.to_be_bytes()).expect("deletes");
    assert!(!storage.roll_up(step, file, vec![definition()]).expect("answers"));
    retain(&world);
    assert_eq!(sum(&states(&world)), (1, 2));
}

/// Does something once, when a step is reached for the first time.
struct Meanwhile {
    step: Reached,
    deed: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Faults for Meanwhile {
    fn at(&self, step: Reached) -> Option<Fault> {
        let deed = (step == self.step).then(|| self.deed.lock().expect("no panic").take()).flatten();
        if let Some(deed) = deed {
            deed();
        }
        None
    }
}

#[test]
fn rows_that_are_rolled_up_while_their_file_is_written_anew_are_counted_once() {
    let id = |n: u128| n.to_be_bytes();
    for (step, reach) in [
        (Reached::FoldRewrite, (|world| drop(world.storage().maintain())) as fn(&World)),
        (Reached::CompactWrite, |world| drop(world.storage().maintain())),
        (Reached::EraseRewrite, |world| drop(world.storage().erase())),
    ] {
        let meanwhile = Arc::new(Meanwhile { step, deed: Mutex::default() });
        let world = World::with(|options| options.faults = meanwhile.clone());
        keep_for(&world, 30, None);
        for n in 0..6 {
            let row = |n: u128, days| prediction(n, NOW - days * DAY, &[("a", Int(1))]);
            world.append(&[row(2 * n, 31), row(2 * n + 1, 29)]);
            world.seal();
        }
        if step == Reached::FoldRewrite {
            world.append(&(0..12).map(|n| delayed(n, &[("late", Int(1))])).collect::<Vec<_>>());
        }
        if step == Reached::EraseRewrite {
            world.storage().delete_prediction(&name("m"), id(1)).expect("deletes");
        }
        let before = whole(&world);
        let storage = world.storage().clone();
        let deed = move || assert!(summed::retain_once(&storage, &name("m")).expect("a step"), "rows are due");
        *meanwhile.deed.lock().expect("no panic") = Some(Box::new(deed));
        reach(&world);
        assert!(meanwhile.deed.lock().expect("no panic").is_none(), "{step:?} was not reached");
        assert_eq!(whole(&world), before, "{step:?}");
        world.maintain();
        retain(&world);
        assert_eq!(whole(&world), before, "{step:?}, after another round");
    }
}

#[test]
fn time_that_a_definition_missed_is_not_covered() {
    let world = World::new();
    keep_for(&world, 1, None);
    let other = Definition::new("another".into());
    let storage = world.storage();
    world.append(&[prediction(1, NOW - 3 * DAY, &[])]);
    let step = storage.retention_step(&world.model()).expect("a step").expect("due");
    let mut file = KeptFile::new().expect("a file");
    file.add(key(), &hourly(storage, &step)).expect("adds");
    assert!(storage.roll_up(step, file, vec![definition(), other.clone()]).expect("rolls up"));
    world.append(&[prediction(2, NOW - 3 * DAY - 30 * HOUR, &[])]);
    retain(&world);
    let other = other.key;
    let covers = |key, at| world.snapshot(None).covered(key).iter().any(|c| c.contains(time(at)));
    assert!(covers(key(), NOW - 3 * DAY - 30 * HOUR));
    assert!(!covers(other, NOW - 3 * DAY - 30 * HOUR), "the late row is in none of its states");
    assert!(covers(other, NOW - 5 * DAY) && !covers(other, NOW - 2 * DAY));
}

#[test]
fn a_crash_after_any_step_loses_and_doubles_nothing() {
    let world = World::with(|options| options.segment_rows = 50);
    keep_for(&world, 30, None);
    let rows: Vec<Row> = (0..400).map(|n| prediction(n, NOW - 200 * DAY + n as i64 * 12 * HOUR, &[])).collect();
    world.append(&rows);
    let all = sum_of(rows.iter().map(|row| row.id));
    let mut crashes = 0;
    loop {
        let more = retain_once(&world);
        let mut crashed = World::copied(&world);
        assert_eq!(whole(&crashed), all, "after step {crashes}");
        // The files of the next step are there, its transaction is not.
        let stepped = World::copied(&world);
        retain_once(&stepped);
        copy(&stepped.dir.path().join("rollups"), &crashed.dir.path().join("rollups"));
        crashed.restart();
        retain(&crashed);
        assert_eq!(whole(&crashed), all, "after step {crashes}, gone on");
        crashes += 1;
        if !more {
            break;
        }
    }
    assert!(crashes > 7, "{crashes} steps");
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(i64, bool)>),
    Seal,
    Maintain,
    Retain,
    Turn(u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => proptest::collection::vec((0_i64..400, any::<bool>()), 1..8).prop_map(Step::Append),
        2 => Just(Step::Seal),
        2 => Just(Step::Maintain),
        2 => Just(Step::Retain),
        2 => (1_u64..200).prop_map(Step::Turn),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn every_row_is_seen_or_kept_once(steps in proptest::collection::vec(step(), 1..20), segment_rows in 1_usize..9) {
        let mut world = World::with(|options| options.segment_rows = segment_rows);
        keep_for(&world, 2, None);
        let (mut next, mut tracked, mut hours) = (0_u128, (0, 0), 0);
        for step in steps.into_iter().chain([Step::Retain, Step::Restart]) {
            match step {
                Step::Append(rows) => {
                    // Up to 400 hours old: most come late for time that is rolled up.
                    let row = |(age, labelled): &(i64, bool)| {
                        next += 1;
                        (prediction(next, NOW + hours * HOUR - age * HOUR, &[("a", Int(1))]), *labelled)
                    };
                    let rows: Vec<(Row, bool)> = rows.iter().map(row).collect();
                    let labels: Vec<Row> =
                        rows.iter().filter(|(_, l)| *l).map(|(row, _)| delayed(row.id, &[("late", Int(1))])).collect();
                    let rows: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
                    let sum = sum_of(rows.iter().map(|row| row.id));
                    tracked = (tracked.0 + sum.0, tracked.1 + sum.1);
                    world.append(&rows);
                    if !labels.is_empty() {
                        world.append(&labels);
                    }
                }
                Step::Seal => world.seal(),
                Step::Maintain => world.storage().maintain().expect("folds and merges"),
                Step::Retain => {
                    retain(&world);
                    prop_assert_eq!(whole(&world), tracked);
                }
                Step::Turn(by) => {
                    hours += by as i64;
                    world.clock.advance(Duration::from_secs(by * 3_600));
                }
                Step::Restart => world.restart(),
            }
        }
        prop_assert_eq!(whole(&world), tracked);
    }
}
