//! What monitors did long ago goes, as far as nobody asks for it any more.

use std::time::Duration;

use driftline_core::Window;
use driftline_storage::{AlertFilter, EvaluationFilter, NewResult, Reason, RunFilter, RunStatus, verify};
use uuid::Uuid;

use super::{
    claim,
    deed::{self, alerting, end, result},
    due, models, monitor, owner,
};
use crate::world::{Int, NOW, World, name, prediction, time, window};

#[test]
fn history_is_bounded_and_results_stay() {
    let world = World::new();
    let storage = world.storage();
    models(&world, &["a"]);
    storage.put_monitor(monitor("one", "a")).expect("writes");
    due(&world, "one", &[("a", 0), ("a", 1)]);
    let run = claim(&world, 1, 1)[0].0;
    storage.finish_run(owner(1), run, end(vec![result("a", 7, "0.5")])).expect("finishes");
    world.clock.advance(Duration::from_secs(100));
    while storage.expire_history(storage.now()).expect("expires") {}
    let left = storage.runs(&RunFilter::default(), None, 9).expect("reads");
    assert_eq!(left.iter().map(|run| (run.reason, run.status)).collect::<Vec<_>>(), [(Reason::Manual, RunStatus::Due)]);
    assert_eq!(storage.latest_results(&name("one"), &name("a"), time(0), 9).expect("reads").len(), 1);
}

#[test]
fn evaluations_of_runs_go_but_for_the_last_and_those_of_open_alerts() {
    let world = World::new();
    let storage = world.storage();
    models(&world, &["a", "b"]);
    storage.put_monitor(monitor("one", "*")).expect("writes");
    storage.put_channel(&name("ops"), "{}".into()).expect("writes");
    let asked = deed::evaluated(Uuid::from_u128(7), "a");
    storage.put_evaluation(asked.record, asked.aggregates, Vec::new()).expect("writes");
    // Of `a` nothing is alerting; of `b` the second run opens an alert that lasts.
    for (model, second) in [("a", 0), ("a", 1), ("a", 2), ("b", 3), ("b", 4), ("b", 5), ("b", 6)] {
        due(&world, "one", &[(model, second)]);
        world.clock.advance(Duration::from_secs(10));
        let run = claim(&world, 1, 1)[0].0;
        let evaluations =
            vec![deed::evaluated(run, model), deed::evaluated(Uuid::from_u128(100 + second as u128), model)];
        let end = if second == 4 { alerting(9, "ops", 1) } else { end(vec![result(model, second, "0.5")]) };
        let end = driftline_storage::RunEnd { evaluations, ..end };
        storage.finish_run(owner(1), run, end).expect("finishes");
    }
    let left = || {
        let all = storage.evaluations(&EvaluationFilter::default(), None, 99).expect("reads");
        let refreshed = all.iter().map(|evaluation| evaluation.id.as_u128()).filter(|id| *id < 1000);
        (all.len(), refreshed.collect::<std::collections::BTreeSet<_>>())
    };
    let aggregates = || verify(world.dir.path(), &world.options).expect("checks").problems;
    assert_eq!(left().0, 15);
    assert_eq!(storage.expire_evaluations(time(NOW)).expect("expires"), 0, "they are young");
    world.clock.advance(Duration::from_secs(1000));
    assert_eq!(storage.expire_evaluations(storage.now()).expect("expires"), 6);
    assert_eq!(left(), (9, [7, 102, 104, 105, 106].into()), "what was asked by hand stays, too");
    assert_eq!(storage.expire_evaluations(storage.now()).expect("expires"), 0);
    assert!(aggregates().is_empty());
    assert_eq!(storage.expire_results(time(NOW)).expect("expires"), 0);
    let results = || storage.latest_results(&name("one"), &name("a"), time(0), 9).expect("reads").len();
    assert_eq!(results(), 3);
    assert_eq!(storage.expire_results(time(NOW + 25_000_000)).expect("expires"), 2, "two were known before that");
    assert_eq!(results(), 1);
    let open = storage.alerts(&AlertFilter::default(), None, 9).expect("reads");
    assert_eq!(open.len(), 1, "an alert goes only once it is resolved");
}

#[test]
fn changes_are_noted_until_all_results_were_read_after_them() {
    let world = World::new();
    let storage = world.storage();
    storage.put_monitor(monitor("one", "m")).expect("writes");
    let append = |id| world.append(&[prediction(id, 5, &[("a", Int(1))])]);
    let touched = |after| {
        let first: [Window; 1] = [window(0, 10)];
        storage.changes(&world.model(), after, &first).expect("reads").touch(first[0], after, None)
    };
    // A run that begins, and ends with a result that was read up to a place.
    let begin = |second| {
        due(&world, "one", &[("m", second)]);
        claim(&world, 1, 1)[0].0
    };
    let finish = |run, place| {
        let found = NewResult { place, ..result("m", 0, &format!("{place}")) };
        storage.finish_run(owner(1), run, end(vec![found])).expect("finishes");
    };
    append(1);
    assert_eq!(storage.prune_changes().expect("drops"), 0, "there is no result yet");
    let before = storage.arrived().expect("reads");
    finish(begin(0), before);
    append(2);
    assert_eq!(storage.prune_changes().expect("drops"), 0, "what came for the same time came later");
    assert!(touched(before));
    let place = storage.arrived().expect("reads");
    finish(begin(-1), place);
    let run = begin(-2);
    assert_eq!(storage.prune_changes().expect("drops"), 0, "a run is at work that may have read earlier");
    finish(run, place);
    assert_eq!(storage.prune_changes().expect("drops"), 1);
    assert_eq!(storage.prune_changes().expect("drops"), 0);
    assert!(!touched(place));
    append(3);
    assert!(touched(place));
}
