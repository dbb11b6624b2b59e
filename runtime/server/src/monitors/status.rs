//! How monitors stand: what is late and why.

use std::{collections::HashMap, hash::Hash};

use driftline_core::{Name, Time};
use driftline_storage::{Error, Reason, RunRecord, WatchCounts, WatchRecord};

use crate::{
    app::App,
    wire::{Instant, ItemName, LastRun, Lateness, OpenAlerts, RunReason, RunState, StatusCounts, WatchStatus},
};

/// The most kinds of alerts that are counted.
const COUNTED: usize = 100_000;

/// Counts over all monitors.
///
/// # Errors
/// Those of the catalog.
pub fn counts(app: &App) -> Result<StatusCounts, Error> {
    let WatchCounts { monitors, paused, watches, running, late, failing, open_alerts } = app.storage.watch_counts()?;
    Ok(StatusCounts { monitors, paused, watches, running, late, failing, open_alerts })
}

/// How watches stand.
///
/// # Errors
/// Those of the catalog.
pub fn statuses(app: &App, watches: Vec<WatchRecord>) -> Result<Vec<WatchStatus>, Error> {
    let (now, open) = (app.storage.now(), open_alerts(app, |monitor, model| (monitor, model))?);
    let status = |watch: WatchRecord| {
        let open = open.get(&(watch.monitor.clone(), watch.model.clone())).copied().unwrap_or_default();
        status(watch, open, now)
    };
    Ok(watches.into_iter().map(status).collect())
}

fn status(watch: WatchRecord, open_alerts: OpenAlerts, now: Time) -> WatchStatus {
    let late = watch.late_since.map(|since| Lateness {
        since: Instant(since),
        seconds: (now.micros() - since.micros()) / 1_000_000,
        why: why(&watch).to_owned(),
    });
    WatchStatus {
        paused: watch.paused,
        running: watch.running.is_some(),
        next_due: watch.next_due.filter(|_| !watch.paused).map(Instant),
        last_run: watch.last.as_ref().map(last_run),
        late,
        open_alerts,
        monitor: ItemName(watch.monitor.clone()),
        model: ItemName(watch.model.clone()),
    }
}

/// How many alerts of each level are not resolved, by what `key` makes of their monitor and model.
///
/// # Errors
/// Those of the catalog.
pub fn open_alerts<K: Eq + Hash>(app: &App, key: impl Fn(Name, Name) -> K) -> Result<HashMap<K, OpenAlerts>, Error> {
    let mut open: HashMap<K, OpenAlerts> = HashMap::new();
    for count in app.storage.alert_counts(COUNTED)? {
        let open = open.entry(key(count.monitor, count.model)).or_default();
        match count.level.as_str() {
            "critical" => open.critical += count.count,
            _ => open.warning += count.count,
        }
    }
    Ok(open)
}

/// The run that ended last, in short.
pub fn last_run(run: &RunRecord) -> LastRun {
    let outcome: serde_json::Value = serde_json::from_str(&run.outcome).unwrap_or_default();
    LastRun {
        due: Instant(run.due),
        reason: RunReason::from(run.reason),
        status: RunState::from(run.status),
        finished: run.finished.map(Instant),
        why: outcome["message"].as_str().or(outcome["code"].as_str()).map(str::to_owned),
    }
}

fn why(watch: &WatchRecord) -> &'static str {
    let backfills = watch.last.as_ref().is_some_and(|run| run.reason == Reason::Backfill);
    match (watch.running, backfills) {
        (Some(_), _) => "an earlier run of it is still at work: one runs at a time",
        (None, true) => "it waits for its turn beside a backfill",
        (None, false) => "it waits for its turn: other models' runs are at work, or evaluations are busy",
    }
}
