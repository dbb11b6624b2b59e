//! Monitors, their runs, what these find and what is told of it.

pub mod deed;
mod deliveries;
mod histories;
mod retention;

use std::time::Duration;

use driftline_core::Span;
use driftline_storage::{
    AlertFilter, AlertStatus, DeliveryFilter, DeliveryStatus, Docket, Erasing, Error, NewMonitor, NewRun, Reason,
    ResultFilter, RunFilter, RunStatus, Settled, Trigger, WatchCounts, WatchFilter, WatchRecord, Written, verify,
};
use uuid::Uuid;

use crate::world::{Int, NOW, World, delayed, name, prediction, time};
use deed::{alerting, end, new_run, result};

const LEASE_SECONDS: u64 = 60;

fn lease() -> Span {
    Span::from_micros(LEASE_SECONDS as i64 * 1_000_000).expect("positive")
}

fn owner(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn monitor(called: &str, model: &str) -> NewMonitor {
    NewMonitor {
        name: name(called),
        model: model.into(),
        trigger: Trigger::Time,
        definition: r#"{"plugin":"psi"}"#.into(),
        paused: false,
    }
}

fn models(world: &World, names: &[&str]) {
    for model in names {
        world.storage().put_model(&name(model), Default::default()).expect("writes");
    }
}

/// The pairs that are watched.
fn watched(world: &World) -> Vec<String> {
    let watches = world.storage().watches(&WatchFilter::default(), None, 100).expect("reads");
    watches.into_iter().map(|watch| format!("{} {}", watch.monitor, watch.model)).collect()
}

/// Inserts runs of a monitor over models, due at so many seconds after the start.
fn due(world: &World, of: &str, runs: &[(&str, i64)]) {
    let runs = runs.iter().map(|(model, second)| (name(model), new_run(NOW + second * 1_000_000)));
    world.storage().insert_runs(&name(of), runs.collect()).expect("writes");
}

/// Claims up to so many runs; each as monitor, model and the seconds of its due instant.
fn claim(world: &World, who: u128, limit: usize) -> Vec<(Uuid, String)> {
    let claimed = world.storage().claim_runs(owner(who), lease(), limit).expect("claims");
    let said = claimed.into_iter().map(|claimed| {
        let run = claimed.run;
        (run.id, format!("{} {} {}", run.monitor, run.model, (run.due.micros() - NOW) / 1_000_000))
    });
    said.collect()
}

fn said(claimed: &[(Uuid, String)]) -> Vec<&str> {
    claimed.iter().map(|(_, said)| said.as_str()).collect()
}

#[test]
fn a_monitor_watches_the_models_that_fit_also_later_ones() {
    let mut world = World::new();
    models(&world, &["fraud-eu", "churn"]);
    let put = |new| world.storage().put_monitor(new).expect("writes");
    assert_eq!(put(monitor("all", "*")).1, Written::Created);
    put(monitor("fraud", "fraud-??"));
    put(monitor("one", "churn"));
    assert_eq!(watched(&world), ["all churn", "all fraud-eu", "fraud fraud-eu", "one churn"]);
    models(&world, &["fraud-us", "fraud-asia"]);
    world.append(&[prediction(1, 1, &[("a", Int(1))])]);
    let all = ["all churn", "all fraud-asia", "all fraud-eu", "all fraud-us", "all m"];
    assert_eq!(watched(&world)[..5], all);
    assert_eq!(watched(&world)[5..], ["fraud fraud-eu", "fraud fraud-us", "one churn"]);

    due(&world, "fraud", &[("fraud-eu", 1), ("fraud-us", 1)]);
    let put = |new| world.storage().put_monitor(new).expect("writes");
    let (record, written) = put(monitor("fraud", "*-us"));
    assert_eq!((record.revision, written), (2, Written::Changed));
    assert_eq!(put(monitor("fraud", "*-us")), (record, Written::Unchanged));
    assert_eq!(watched(&world)[5..], ["fraud fraud-us", "one churn"]);
    let skipped = RunFilter { status: Some(RunStatus::Skipped), ..RunFilter::default() };
    let skipped = world.storage().runs(&skipped, None, 9).expect("reads");
    assert_eq!(skipped.iter().map(|run| run.model.as_str()).collect::<Vec<_>>(), ["fraud-eu"]);

    world.storage().remove_monitor(&name("all"), Box::new(|_| Vec::new())).expect("removes");
    assert_eq!(watched(&world), ["fraud fraud-us", "one churn"]);
    while world.storage().sweep_monitors().expect("sweeps") {}
    world.restart();
    assert_eq!(watched(&world), ["fraud fraud-us", "one churn"]);
    assert_eq!(verify(world.dir.path(), &world.options).expect("checks").monitors, 2);
}

#[test]
fn models_take_turns_and_a_pair_runs_once_at_a_time() {
    let world = World::new();
    models(&world, &["a", "b", "c"]);
    for called in ["one", "two"] {
        world.storage().put_monitor(monitor(called, "*")).expect("writes");
    }
    due(&world, "one", &[("a", 1), ("a", 2), ("a", 3), ("b", 2), ("c", 9)]);
    due(&world, "two", &[("a", 0)]);
    world.clock.advance(Duration::from_secs(5));
    let first = claim(&world, 1, 2);
    assert_eq!(said(&first), ["two a 0", "one b 2"]);
    let second = claim(&world, 1, 9);
    assert_eq!(said(&second), ["one a 1"], "the others are of pairs that run, or not due");
    world.storage().finish_run(owner(1), second[0].0, end(Vec::new())).expect("finishes");
    assert_eq!(said(&claim(&world, 1, 9)), ["one a 2"]);
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(said(&claim(&world, 1, 9)), ["one c 9"]);
}

#[test]
fn a_lease_ends_by_itself_and_what_its_holder_found_is_dropped() {
    let world = World::new();
    models(&world, &["a"]);
    world.storage().put_monitor(monitor("one", "a")).expect("writes");
    due(&world, "one", &[("a", 0)]);
    let run = claim(&world, 1, 1)[0].0;
    world.clock.advance(Duration::from_secs(LEASE_SECONDS - 1));
    assert_eq!(world.storage().renew_runs(owner(1), lease(), vec![run]).expect("renews"), [run]);
    world.clock.advance(Duration::from_secs(LEASE_SECONDS - 1));
    assert!(claim(&world, 2, 1).is_empty(), "it is held");
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(claim(&world, 2, 1)[0].0, run, "the same run, for another");
    assert!(world.storage().renew_runs(owner(1), lease(), vec![run]).expect("renews").is_empty());
    let found = vec![result("m", 1, "0.5")];
    let late = world.storage().finish_run(owner(1), run, end(found.clone())).expect_err("it is another's");
    assert!(matches!(late, Error::Conflict { code: "lease_lost", .. }), "{late}");
    let filter =
        ResultFilter { monitor: name("one"), model: None, window: None, slice: None, known_at: None, history: true };
    assert!(world.storage().results(&filter, None, 9).expect("reads").is_empty());
    let finished = world.storage().finish_run(owner(2), run, end(found)).expect("finishes");
    assert_eq!((finished.run.status, finished.run.attempts, finished.new_results), (RunStatus::Succeeded, 2, 1));
    let again = world.storage().finish_run(owner(2), run, end(Vec::new())).expect_err("it is over");
    assert!(matches!(again, Error::Conflict { code: "lease_lost", .. }), "{again}");

    // A clock that was set back must not let a dead holder keep a run for ever.
    due(&world, "one", &[("a", 1)]);
    let run = claim(&world, 2, 1)[0].0;
    let back = World::copied(&world);
    back.clock.set_back(Duration::from_secs(3_000));
    assert!(claim(&back, 3, 1).is_empty(), "it is due again, at an instant to come");
    back.clock.advance(Duration::from_secs(3_000));
    assert_eq!(claim(&back, 3, 1)[0].0, run);
}

#[test]
fn results_are_as_they_were_known_at_any_time() {
    let world = World::new();
    models(&world, &["a"]);
    world.storage().put_monitor(monitor("one", "a")).expect("writes");
    let mut instants = Vec::new();
    for (second, found) in [(0, "0.5"), (10, "0.5"), (20, "0.6"), (30, "0.5")] {
        due(&world, "one", &[("a", second)]);
        let run = claim(&world, 1, 1)[0].0;
        world.storage().finish_run(owner(1), run, end(vec![result("a", 7, found)])).expect("finishes");
        instants.push(world.clock_micros());
        world.clock.advance(Duration::from_secs(10));
    }
    let known = |known_at: Option<i64>, history| {
        let known_at = known_at.map(time);
        let filter =
            ResultFilter { monitor: name("one"), model: Some(name("a")), window: None, slice: None, known_at, history };
        let found = world.storage().results(&filter, None, 9).expect("reads");
        found.into_iter().map(|result| result.found.detail).collect::<Vec<_>>()
    };
    assert_eq!(known(None, true), ["0.5", "0.6", "0.5"], "the same again is no new version");
    assert_eq!(known(None, false), ["0.5"]);
    for (at, expected) in [(0, Some("0.5")), (1, Some("0.5")), (2, Some("0.6")), (3, Some("0.5"))] {
        assert_eq!(known(Some(instants[at]), false).first().map(String::as_str), expected, "{at}");
    }
    assert!(known(Some(NOW - 1), false).is_empty());
}

#[test]
fn what_a_pause_misses_is_not_caught_up() {
    let world = World::new();
    models(&world, &["a"]);
    world.storage().put_monitor(monitor("one", "a")).expect("writes");
    due(&world, "one", &[("a", 0)]);
    let scheduled = NewRun { reason: Reason::Schedule, ..new_run(NOW) };
    world.storage().insert_runs(&name("one"), vec![(name("a"), scheduled)]).expect("writes");
    world.storage().pause_monitor(&name("one"), true).expect("pauses");
    assert_eq!(claim(&world, 1, 9).len(), 1, "what someone asked for runs");
    assert_eq!(world.storage().watches_due(9).expect("reads"), []);
    world.clock.advance(Duration::from_secs(100));
    world.storage().pause_monitor(&name("one"), false).expect("goes on");
    let watches = world.storage().watches_due(9).expect("reads");
    assert_eq!(watches[0].scheduled_until, time(NOW + 100_000_000));
}

#[test]
fn rows_that_came_are_counted_though_they_go() {
    let world = World::new();
    let new = NewMonitor { trigger: Trigger::Data, ..monitor("one", "m") };
    world.storage().put_monitor(new).expect("writes");
    world.append(&[prediction(1, 1, &[("a", Int(1))]), prediction(2, 2, &[("a", Int(1))])]);
    world.append(&[delayed(2, &[("late", Int(1))])]);
    world.seal();
    let received = world.storage().received_rows(&world.model()).expect("reads");
    assert_eq!((received.predictions, received.delayed), (2, 1));
    assert_eq!(world.storage().watches_with_rows().expect("reads"), [], "nobody has looked at the watch yet");
    let watch = world.storage().watches_due(9).expect("reads").remove(0);
    world.storage().schedule(vec![deed::still(watch)]).expect("moves on");
    let fresh = world.storage().watches_with_rows().expect("reads");
    assert_eq!((fresh.len(), fresh[0].received.predictions), (1, 2));
}

#[test]
fn deliveries_go_out_in_order_and_a_channel_that_hangs_holds_up_no_other() {
    let world = World::new();
    let storage = world.storage();
    models(&world, &["a"]);
    storage.put_monitor(monitor("one", "a")).expect("writes");
    for channel in ["slow", "quick"] {
        storage.put_channel(&name(channel), "{}".into()).expect("writes");
    }
    let opened = [("slow", 1), ("slow", 2), ("quick", 3), ("slow", 4)];
    for (second, (channel, id)) in (0..).zip(opened) {
        due(&world, "one", &[("a", second)]);
        world.clock.advance(Duration::from_secs(1));
        let run = claim(&world, 1, 1)[0].0;
        storage.finish_run(owner(1), run, alerting(9, channel, id)).expect("finishes");
    }
    let claimed = |each| {
        let claimed = storage.claim_deliveries(owner(1), lease(), each, 9).expect("claims");
        claimed.into_iter().map(|claimed| claimed.delivery.id.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(claimed(9), [1, 3], "the others follow what is told of the same alert");
    assert_eq!(claimed(9), []);
    let settle =
        |id, settled| storage.settle_delivery(owner(1), Uuid::from_u128(id), settled, "x".into()).expect("settles");
    assert!(settle(1, Settled::Again(time(world.clock_micros() + 5_000_000))));
    assert_eq!(claimed(9), [], "it comes first, later");
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(claimed(9), [1]);
    assert!(settle(1, Settled::Dead) && settle(3, Settled::Sent));
    assert!(!settle(3, Settled::Sent), "it is settled");
    assert_eq!(claimed(9), [2]);
    world.clock.advance(Duration::from_secs(LEASE_SECONDS + 1));
    assert_eq!(claimed(9), [2], "its sender may be dead");
    assert!(matches!(storage.retry_delivery(Uuid::from_u128(2)), Err(Error::Conflict { .. })));
    assert_eq!(storage.retry_delivery(Uuid::from_u128(1)).expect("again").status, DeliveryStatus::Pending);
    storage.remove_channel(&name("slow")).expect("removes");
    let dead = DeliveryFilter { status: Some(DeliveryStatus::Dead), ..DeliveryFilter::default() };
    let dead = storage.deliveries(&dead, None, 9).expect("reads");
    assert_eq!(
        dead.iter().map(|delivery| delivery.id.as_u128()).collect::<std::collections::BTreeSet<_>>(),
        [1, 2, 4].into()
    );
    let alerts = storage.alerts(&AlertFilter { unresolved: true, ..AlertFilter::default() }, None, 9).expect("reads");
    assert_eq!(
        alerts.iter().map(|alert| (alert.id.as_u128(), alert.status)).collect::<Vec<_>>(),
        [(9, AlertStatus::Open)]
    );
}

#[test]
fn what_is_told_later_is_added_to_until_it_is_tried() {
    let world = World::new();
    let storage = world.storage();
    models(&world, &["a", "b"]);
    storage.put_channel(&name("ops"), "{}".into()).expect("writes");
    for called in ["one", "two"] {
        storage.put_monitor(monitor(called, "*")).expect("writes");
    }
    let (sender, waited) = std::sync::mpsc::channel();
    // A run that tells a minute later, under the same key; gives what waited already.
    let tell = |monitor: &str, model: &str, second: i64, notice: &'static str| {
        due(&world, monitor, &[(model, second)]);
        let (run, judge) = (claim(&world, 1, 1)[0].0, alerting(Uuid::now_v7().as_u128(), "ops", 7).judge);
        let sender = sender.clone();
        let later = move |docket: &Docket| {
            let waiting: Vec<String> = docket.waiting.iter().map(|delivery| delivery.notice.clone()).collect();
            sender.send(waiting).expect("somebody listens");
            let mut changes = judge(docket);
            for delivery in changes.iter_mut().flat_map(|change| &mut change.deliveries) {
                delivery.notice = notice.into();
                delivery.not_before = docket.now.after(Span::from_micros(60_000_000).expect("positive"));
            }
            changes
        };
        let end = driftline_storage::RunEnd { judge: Box::new(later), ..end(Vec::new()) };
        storage.finish_run(owner(1), run, end).expect("finishes");
        waited.recv().expect("it was judged")
    };
    let told = || storage.deliveries(&DeliveryFilter::default(), None, 9).expect("reads")[0].notice.clone();
    assert!(tell("one", "a", 0, "first").is_empty());
    assert_eq!(tell("two", "a", 0, "both"), ["first"]);
    assert_eq!(storage.claim_deliveries(owner(1), lease(), 9, 9).expect("claims"), []);
    world.clock.advance(Duration::from_secs(60));
    assert!(tell("one", "b", 0, "both").is_empty(), "it is about another model, and no longer waits");
    let claimed = storage.claim_deliveries(owner(1), lease(), 9, 9).expect("claims");
    assert_eq!(claimed.iter().map(|claimed| claimed.delivery.notice.as_str()).collect::<Vec<_>>(), ["both"]);
    assert!(tell("two", "a", 9, "late").is_empty());
    assert_eq!(told(), "both", "who has it sends it as it is");
}

#[test]
fn a_deleted_model_takes_along_what_monitors_found() {
    let world = World::new();
    let storage = world.storage();
    storage.put_monitor(monitor("one", "*")).expect("writes");
    storage.put_channel(&name("ops"), "{}".into()).expect("writes");
    world.append(&[prediction(1, 1, &[("a", Int(1))])]);
    due(&world, "one", &[("m", 0), ("m", 1)]);
    let run = claim(&world, 1, 1)[0].0;
    let found = driftline_storage::RunEnd { results: vec![result("m", 7, "0.5")], ..alerting(9, "ops", 1) };
    storage.finish_run(owner(1), run, found).expect("finishes");
    storage.delete_model(&name("m")).expect("deletes");
    assert!(watched(&world).is_empty() && claim(&world, 1, 9).is_empty());
    assert_eq!(storage.runs(&RunFilter::default(), None, 9).expect("reads"), []);
    assert_eq!(storage.alerts(&AlertFilter::default(), None, 9).expect("reads"), []);
    assert_eq!(storage.deliveries(&DeliveryFilter::default(), None, 9).expect("reads"), []);
    while storage.erase().expect("erases") != Erasing::Nothing {}
    let found = verify(world.dir.path(), &world.options).expect("checks");
    assert_eq!((found.problems, found.results), (Vec::new(), 0));
    // Its name is another's: a new model, watched anew.
    world.append(&[prediction(1, 1, &[("a", Int(1))])]);
    assert_eq!(watched(&world), ["one m"]);
}

#[test]
fn counts_and_last_runs_are_what_the_watches_say() {
    let world = World::new();
    let storage = world.storage();
    models(&world, &["a", "b"]);
    for (called, model) in [("both", "*"), ("one", "a"), ("rests", "b"), ("gone", "*")] {
        storage.put_monitor(monitor(called, model)).expect("writes");
    }
    storage.put_channel(&name("ops"), "{}".into()).expect("writes");
    due(&world, "both", &[("a", 0), ("a", 1), ("b", 2), ("b", 3)]);
    due(&world, "one", &[("a", 4), ("a", 90)]);
    due(&world, "gone", &[("a", 5)]);
    world.clock.advance(Duration::from_secs(60));
    let failed = || driftline_storage::RunEnd { status: RunStatus::Failed, ..end(Vec::new()) };
    let finish = |run: Uuid, end| storage.finish_run(owner(1), run, end).map(drop).expect("finishes");
    let first = claim(&world, 1, 2);
    assert_eq!(said(&first), ["both a 0", "both b 2"]);
    finish(first[0].0, alerting(9, "ops", 1));
    finish(first[1].0, failed());
    world.clock.advance(Duration::from_secs(1));
    let second = claim(&world, 1, 1);
    assert_eq!(said(&second), ["both a 1"]);
    finish(second[0].0, failed());
    assert_eq!(said(&claim(&world, 1, 1)), ["both b 3"], "it stays at work");
    storage.pause_monitor(&name("rests"), true).expect("pauses");
    storage.remove_monitor(&name("gone"), Box::new(|_| Vec::new())).expect("removes");

    let watches = storage.watches(&WatchFilter::default(), None, 9).expect("reads");
    let count = |is: fn(&WatchRecord) -> bool| watches.iter().filter(|watch| is(watch)).count() as u64;
    let expected = WatchCounts {
        monitors: 3,
        paused: 1,
        watches: watches.len() as u64,
        running: count(|watch| watch.running.is_some()),
        late: count(|watch| watch.late_since.is_some()),
        failing: count(|watch| watch.last.as_ref().is_some_and(|run| run.status == RunStatus::Failed)),
        open_alerts: watches.iter().map(|watch| watch.open_alerts).sum(),
    };
    assert_eq!(storage.watch_counts().expect("counts"), expected);
    assert_eq!((expected.running, expected.late, expected.failing, expected.open_alerts), (1, 1, 2, 1));

    let names = [name("both"), name("one"), name("gone")];
    let last: Vec<_> = storage.last_runs(&names).expect("reads").into_iter().map(|run| run.map(|run| run.id)).collect();
    assert_eq!(last, [Some(second[0].0), None, None]);
    let of = |monitor: Option<&str>, model: Option<&str>, late| {
        let filter = WatchFilter { monitor: monitor.map(name), model: model.map(name), late };
        let found = storage.watches(&filter, None, 9).expect("reads");
        found.iter().map(|watch| format!("{} {}", watch.monitor, watch.model)).collect::<Vec<_>>()
    };
    assert_eq!(of(Some("both"), None, false), ["both a", "both b"]);
    assert_eq!(of(None, Some("b"), false), ["both b", "rests b"]);
    assert_eq!(of(Some("both"), Some("b"), false), ["both b"]);
    assert_eq!(of(None, None, true), ["one a"]);
    let after = (name("both"), name("a"));
    let rest = storage.watches(&WatchFilter::default(), Some((&after.0, &after.1)), 2).expect("reads");
    assert_eq!(rest.iter().map(|watch| watch.monitor.as_str()).collect::<Vec<_>>(), ["both", "one"]);
}
