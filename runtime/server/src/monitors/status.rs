//! How monitors stand: what is late and why.

use driftline_core::Time;
use driftline_storage::{AlertCount, Error, Reason, RunRecord, RunStatus, WatchFilter, WatchRecord};

use crate::{
    app::App,
    monitors,
    wire::{Instant, ItemName, LastRun, Lateness, OpenAlerts, RunReason, RunState, StatusCounts, WatchStatus},
};

/// The most kinds of alerts that are counted.
const COUNTED: usize = 100_000;
/// Watches looked at in one read.
const PAGE: usize = 1000;

/// Counts over all monitors.
///
/// # Errors
/// Those of the catalog.
pub fn counts(app: &App) -> Result<StatusCounts, crate::problem::Problem> {
    let monitors = monitors::every(app)?;
    let mut counts = StatusCounts {
        monitors: monitors.len() as u64,
        paused: monitors.iter().filter(|monitor| monitor.paused).count() as u64,
        ..StatusCounts::default()
    };
    let mut after: Option<(driftline_core::Name, driftline_core::Name)> = None;
    loop {
        let from = after.as_ref().map(|(monitor, model)| (monitor, model));
        let watches = app.storage.watches(&WatchFilter::default(), from, PAGE)?;
        let Some(last) = watches.last() else { return Ok(counts) };
        after = Some((last.monitor.clone(), last.model.clone()));
        for watch in &watches {
            counts.watches += 1;
            counts.running += u64::from(watch.running.is_some());
            counts.late += u64::from(watch.late_since.is_some());
            counts.failing += u64::from(watch.last.as_ref().is_some_and(|run| run.status == RunStatus::Failed));
            counts.open_alerts += watch.open_alerts;
        }
    }
}

/// How watches stand.
///
/// # Errors
/// Those of the catalog.
pub fn statuses(app: &App, watches: Vec<WatchRecord>) -> Result<Vec<WatchStatus>, Error> {
    let (now, alerts) = (app.storage.now(), app.storage.alert_counts(COUNTED)?);
    Ok(watches.into_iter().map(|watch| status(watch, &alerts, now)).collect())
}

fn status(watch: WatchRecord, alerts: &[AlertCount], now: Time) -> WatchStatus {
    let late = watch.late_since.map(|since| Lateness {
        since: Instant(since),
        seconds: (now.micros() - since.micros()) / 1_000_000,
        why: why(&watch).to_owned(),
    });
    let of_watch = |count: &&AlertCount| count.monitor == watch.monitor && count.model == watch.model;
    WatchStatus {
        paused: watch.paused,
        running: watch.running.is_some(),
        next_due: watch.next_due.filter(|_| !watch.paused).map(Instant),
        last_run: watch.last.as_ref().map(last_run),
        late,
        open_alerts: open(alerts.iter().filter(of_watch)),
        monitor: ItemName(watch.monitor.clone()),
        model: ItemName(watch.model.clone()),
    }
}

/// How many alerts of each level are not resolved.
pub fn open<'a>(counts: impl Iterator<Item = &'a AlertCount>) -> OpenAlerts {
    counts.fold(OpenAlerts::default(), |mut open, count| {
        match count.level.as_str() {
            "critical" => open.critical += count.count,
            _ => open.warning += count.count,
        }
        open
    })
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
