//! Runs with what they find, as plain values, and the whole way of one as a deed that can be done again.

use driftline_core::{Span, Time};
use driftline_storage::{
    Aggregate, AlertChange, AlertKind, AlertStatus, Awaiting, Error, EvaluatedRun, EvaluationRecord, NewAlert,
    NewDelivery, NewEvent, NewMonitor, NewResult, NewRun, Reason, RunEnd, RunStatus, Scheduling, Settled, Source,
    Storage, Trigger,
};
use uuid::Uuid;

use crate::{
    deletions::ID,
    world::{NOW, name, time, window},
};

/// A run that someone asked for.
pub fn new_run(due: i64) -> NewRun {
    NewRun {
        id: Uuid::now_v7(),
        reason: Reason::Manual,
        due: time(due),
        not_before: time(due),
        batch: None,
        detail: "{}".into(),
        skipped: None,
    }
}

/// What is found of the window that starts at so many microseconds.
pub fn result(_model: &str, start: i64, detail: &str) -> NewResult {
    NewResult {
        window: window(start, start + 10),
        slice: "{}".into(),
        inputs: "{}".into(),
        level: "none".into(),
        rows: 3,
        detail: detail.into(),
        evaluation: Uuid::from_u128(1),
        digest: "d".into(),
        place: 1,
        basis: "{}".into(),
    }
}

/// An evaluation with one aggregate.
pub fn evaluated(id: Uuid, model: &str) -> EvaluatedRun {
    let record = EvaluationRecord {
        id,
        model: name(model),
        plugin: "psi@1.0.0".into(),
        status: "succeeded".into(),
        created: time(NOW),
        finished: Some(time(NOW)),
        request: "{}".into(),
        result: "{}".into(),
    };
    let aggregate = Aggregate {
        window: window(7, 17),
        name: "psi".into(),
        value: Some(0.5),
        slice: "{}".into(),
        source: Source::Evaluation,
        evaluation: Some(id),
        labels: "{}".into(),
        created: time(NOW),
    };
    EvaluatedRun { record, aggregates: vec![aggregate], definitions: Vec::new() }
}

/// The end of a run that went well.
pub fn end(results: Vec<NewResult>) -> RunEnd {
    RunEnd {
        status: RunStatus::Succeeded,
        outcome: "{}".into(),
        evaluations: Vec::new(),
        results,
        judge: Box::new(|_| Vec::new()),
    }
}

/// An alert that opens.
pub fn opened(id: u128, slice: &str, now: Time) -> NewAlert {
    NewAlert {
        id: Uuid::from_u128(id),
        kind: AlertKind::Threshold,
        slice: slice.into(),
        inputs: "{}".into(),
        status: AlertStatus::Open,
        level: "critical".into(),
        opened: now,
        resolved: None,
        look_at: None,
        state: "{}".into(),
    }
}

/// The end of a run that opens or updates an alert and tells a channel.
pub fn alerting(alert: u128, channel: &'static str, delivery: u128) -> RunEnd {
    let judge = move |docket: &driftline_storage::Docket| {
        let held = docket.alerts.first().cloned();
        let event = if held.is_some() { "updated" } else { "opened" };
        let alert = held.map_or_else(|| opened(alert, "{}", docket.now), NewAlert::from);
        let told = NewDelivery {
            id: Uuid::from_u128(delivery),
            channel: name(channel),
            alerts: vec![alert.id],
            notice: "{}".into(),
            not_before: docket.now,
        };
        vec![AlertChange {
            alert,
            events: vec![NewEvent { kind: event.into(), detail: "{}".into() }],
            deliveries: vec![told],
        }]
    };
    RunEnd { judge: Box::new(judge), ..end(Vec::new()) }
}

/// A watch that stays where it is, and is not looked at again without rows.
pub fn still(watch: Awaiting) -> Scheduling {
    let (until, seen, note) = (watch.scheduled_until, watch.seen, watch.note.clone());
    Scheduling { watch, until, next_due: None, seen, note, runs: Vec::new() }
}

/// Has a model watched, run once, and told of; whatever of it is done already stays as it is.
pub fn watch_and_tell(storage: &Storage, model: &'static str) -> Result<(), Error> {
    let owner = Uuid::now_v7();
    let lease = Span::from_micros(60_000_000).expect("positive");
    storage.release_others(owner)?;
    storage.put_channel(&name("ops"), "{}".into())?;
    storage.put_monitor(NewMonitor {
        name: name(&format!("watch-{model}")),
        model: model.into(),
        trigger: Trigger::Time,
        definition: "{}".into(),
        paused: false,
    })?;
    for watch in storage.watches_due(9)? {
        let runs = vec![NewRun { reason: Reason::Schedule, ..new_run(NOW) }];
        storage.schedule(vec![Scheduling { until: time(NOW), runs, ..still(watch) }])?;
    }
    for claimed in storage.claim_runs(owner, lease, 9)? {
        let run = claimed.run;
        let found = RunEnd {
            evaluations: vec![evaluated(run.id, model)],
            results: vec![result(model, 7, "0.5")],
            ..alerting(ID, "ops", ID + 1)
        };
        storage.finish_run(owner, run.id, found)?;
    }
    for claimed in storage.claim_deliveries(owner, lease, 9, 9)? {
        storage.settle_delivery(owner, claimed.delivery.id, Settled::Sent, "200".into())?;
    }
    Ok(())
}
