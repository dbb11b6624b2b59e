//! Any history of schedules, claims, crashes, clock jumps and ends: every instant is run, and recorded once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use driftline_storage::{Error, NewRun, Reason, RunFilter, RunStatus, Scheduling, verify};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    deed::{end, new_run, result, still},
    lease, models, monitor, owner,
};
use crate::world::{NOW, World, name, time};

/// Every so many seconds an instant is due.
const EVERY: i64 = 10;

#[derive(Debug, Clone)]
enum Step {
    /// Time goes on by so many seconds.
    Wait(u64),
    /// The clock is set back by so many seconds.
    Back(u64),
    /// Instants become runs.
    Schedule,
    /// A server takes up to so many runs.
    Claim(u128, usize),
    /// A server ends the first run that it thinks it holds.
    Finish(u128),
    /// A server gives the first run that it thinks it holds back.
    Release(u128),
    /// A server dies, and forgets what it held.
    Crash(u128),
    /// The process starts anew.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let server = 1_u128..4;
    prop_oneof![
        4 => (1_u64..50).prop_map(Step::Wait),
        1 => (1_u64..200).prop_map(Step::Back),
        4 => Just(Step::Schedule),
        6 => (server.clone(), 1_usize..4).prop_map(|(server, limit)| Step::Claim(server, limit)),
        6 => server.clone().prop_map(Step::Finish),
        1 => server.clone().prop_map(Step::Release),
        1 => server.prop_map(Step::Crash),
        1 => Just(Step::Restart),
    ]
}

/// What a naive bookkeeper knows.
#[derive(Default)]
struct Book {
    held: BTreeMap<u128, Vec<Uuid>>,
    finished: BTreeSet<Uuid>,
}

fn schedule(world: &World) {
    let now = world.clock_micros();
    let watches = world.storage().watches_due(99).expect("reads");
    let moves = watches.into_iter().map(|watch| {
        let from = watch.scheduled_until.micros();
        let first = (from - NOW).div_euclid(EVERY * 1_000_000) + 1;
        let instants = (first..).map(|n| NOW + n * EVERY * 1_000_000);
        let runs: Vec<NewRun> = instants
            .take_while(|due| *due <= now)
            .map(|due| NewRun { reason: Reason::Schedule, ..new_run(due) })
            .collect();
        let until = runs.last().map_or(watch.scheduled_until, |run| run.due);
        let next = time(((until.micros() - NOW).div_euclid(EVERY * 1_000_000) + 1) * EVERY * 1_000_000 + NOW);
        Scheduling { until, next_due: Some(next), runs, ..still(watch) }
    });
    world.storage().schedule(moves.collect()).expect("schedules");
}

fn finish(world: &World, book: &mut Book, server: u128) {
    let Some(run) = book.held.get_mut(&server).and_then(|held| (!held.is_empty()).then(|| held.remove(0))) else {
        return;
    };
    match world.storage().finish_run(owner(server), run, end(vec![result("m", 7, &run.to_string())])) {
        Ok(_) => assert!(book.finished.insert(run), "{run} ended twice"),
        Err(Error::Conflict { code: "lease_lost", .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_run_is_missed_and_none_ends_twice(steps in proptest::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        models(&world, &["a", "b"]);
        world.storage().put_monitor(monitor("one", "*")).expect("writes");
        let (mut book, mut latest) = (Book::default(), NOW);
        let rest = [Step::Wait(500), Step::Schedule, Step::Crash(1), Step::Crash(2), Step::Crash(3)];
        for step in steps.into_iter().chain(rest) {
            match step {
                Step::Wait(seconds) => world.clock.advance(Duration::from_secs(seconds)),
                Step::Back(seconds) => world.clock.set_back(Duration::from_secs(seconds)),
                Step::Schedule => {
                    latest = latest.max(world.clock_micros());
                    schedule(&world);
                }
                Step::Claim(server, limit) => {
                    let claimed = world.storage().claim_runs(owner(server), lease(), limit).expect("claims");
                    let ids = claimed.into_iter().map(|claimed| claimed.run.id);
                    book.held.entry(server).or_default().extend(ids);
                }
                Step::Finish(server) => finish(&world, &mut book, server),
                Step::Release(server) => {
                    if let Some(run) = book.held.entry(server).or_default().pop() {
                        world.storage().release_run(owner(server), run, world.storage().now(), true).expect("releases");
                    }
                }
                Step::Crash(server) => _ = book.held.remove(&server),
                Step::Restart => world.restart(),
            }
            let running = RunFilter { status: Some(RunStatus::Running), ..RunFilter::default() };
            let running = world.storage().runs(&running, None, 99).expect("reads");
            let pairs: BTreeSet<_> = running.iter().map(|run| run.model.clone()).collect();
            prop_assert_eq!(pairs.len(), running.len(), "a pair runs once at a time");
        }
        // One server that lives carries out what is left, once a clock that was set back has come to it again.
        let behind = (latest - world.clock_micros()).max(0).unsigned_abs();
        world.clock.advance(Duration::from_micros(behind));
        world.storage().release_others(owner(9)).expect("releases");
        while let claimed = world.storage().claim_runs(owner(9), lease(), 99).expect("claims") && !claimed.is_empty() {
            book.held.insert(9, claimed.into_iter().map(|claimed| claimed.run.id).collect());
            while book.held.get(&9).is_some_and(|held| !held.is_empty()) {
                finish(&world, &mut book, 9);
            }
        }
        let runs = world.storage().runs(&RunFilter::default(), None, 9_999).expect("reads");
        for model in ["a", "b"] {
            let of = runs.iter().filter(|run| run.model == name(model));
            let done: Vec<i64> = of.map(|run| {
                assert_eq!(run.status, RunStatus::Succeeded);
                (run.due.micros() - NOW) / 1_000_000
            }).collect();
            let expected: Vec<i64> = (1..=(latest - NOW) / 1_000_000 / EVERY).rev().map(|n| n * EVERY).collect();
            prop_assert_eq!(done, expected, "{}", model);
        }
        prop_assert_eq!(runs.len(), book.finished.len());
        prop_assert_eq!(verify(world.dir.path(), &world.options).expect("checks").problems, []);
    }
}
