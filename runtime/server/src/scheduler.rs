//! When monitors run: due instants and new rows become runs, runs are claimed and carried out, what failed to be is late.
//!
//! [`tick`] does all that is due now and never sleeps; [`run`] calls it in time. Every run is a row of the catalog, so
//! that nothing is missed or done twice, whatever dies: an instant becomes a run in the transaction that moves on the
//! watch, a run ends in the transaction that keeps what it found.

mod agenda;
mod background;
mod carry_out;
mod instants;
mod labels;
mod plan;
#[cfg(test)]
mod tests;

pub use agenda::{Agenda, CatchUp, Instants, LabelRule};
pub use background::run;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use driftline_core::{Name, Span};
use driftline_storage::RunRecord;
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{app::Shared, config::Limits, monitors, problem::Problem};

/// For how long a claim holds, in microseconds; it is renewed three times as often.
const LEASE_MICROS: i64 = 60_000_000;
/// Watches that are looked at in one transaction.
const WATCHES: usize = 500;
/// Alerts that are looked at in one tick.
const ALERTS: usize = 1_000;

/// The runs of a server, and what it needs to make them.
pub struct Scheduler {
    /// Whose runs they are: another in each life of a server.
    owner: Uuid,
    /// How many may run at once.
    places: usize,
    wake: Notify,
    /// Held while runs are claimed, until they are at work: who claims next sees them.
    claiming: tokio::sync::Mutex<()>,
    /// Runs at work; each can be interrupted.
    running: Mutex<HashMap<Uuid, CancellationToken>>,
    /// Counts the runs that ended.
    ended: watch::Sender<u64>,
    /// What the definitions of monitors say, by name and revision.
    agendas: Mutex<HashMap<Name, (u64, Arc<Agenda>)>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What a tick did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Runs that became due.
    pub due: usize,
    /// Runs that were started.
    pub started: usize,
    /// Alerts that were looked at without a run.
    pub looked_at: usize,
}

impl Scheduler {
    /// One that runs nothing yet. Half of the places for evaluations are left to those who wait for an answer.
    pub fn new(limits: &Limits) -> Self {
        Self {
            owner: Uuid::now_v7(),
            places: (limits.evaluations / 2).max(1),
            wake: Notify::new(),
            claiming: tokio::sync::Mutex::default(),
            running: Mutex::default(),
            ended: watch::Sender::new(0),
            agendas: Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Whose runs and deliveries those of this process are.
    pub fn owner(&self) -> Uuid {
        self.owner
    }

    /// Has it look now: there is a new monitor, a run was asked for.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Interrupts the runs at work, which become due again, and waits until they have stopped.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Waits for the end of a run, whoever carries it out.
    ///
    /// # Errors
    /// 404 when its monitor or model is no more.
    pub async fn ended(&self, app: &Shared, run: Uuid) -> Result<RunRecord, Problem> {
        let mut ended = self.ended.subscribe();
        loop {
            ended.mark_unchanged();
            let found = app.blocking(move |app| app.storage.run(run)).await?;
            let found = found.ok_or_else(|| {
                Problem::not_found("run_not_found", format!("run {run} is no more: its monitor or model was removed"))
            })?;
            if found.finished.is_some() {
                return Ok(found);
            }
            // Another server may carry it out: look now and then.
            let _next = tokio::time::timeout(background::LONGEST, ended.changed()).await;
        }
    }

    fn at_work(&self) -> MutexGuard<'_, HashMap<Uuid, CancellationToken>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does all that is due now: makes runs of instants and rows, looks at alerts, starts as many runs as there are places.
///
/// # Errors
/// When the catalog can't be read or written; what was done before stays done.
pub async fn tick(app: &Shared) -> Result<Report, Problem> {
    let (due, looked_at) = app
        .blocking(|app| {
            let due = instants::schedule(app)? + labels::schedule(app)?;
            Ok::<_, Problem>((due, look_at_alerts(app)?))
        })
        .await?;
    let started = start(app).await?;
    Ok(Report { due, started, looked_at })
}

/// Ticks until nothing is due any more and every run has ended; for whoever turns the clock by hand.
///
/// # Errors
/// As [`tick`].
pub async fn settle(app: &Shared) -> Result<Report, Problem> {
    let mut total = Report::default();
    loop {
        let mut ended = app.scheduler.ended.subscribe();
        ended.mark_unchanged();
        let report = tick(app).await?;
        total.due += report.due;
        total.started += report.started;
        total.looked_at += report.looked_at;
        if !app.scheduler.at_work().is_empty() {
            let _next = ended.changed().await;
        } else if report == Report::default() {
            return Ok(total);
        }
    }
}

async fn start(app: &Shared) -> Result<usize, Problem> {
    let scheduler = &app.scheduler;
    if scheduler.stop.is_cancelled() {
        return Ok(0);
    }
    let _alone = scheduler.claiming.lock().await;
    let free = scheduler.places.saturating_sub(scheduler.at_work().len());
    let owner = scheduler.owner;
    let claimed = app.blocking(move |app| app.storage.claim_runs(owner, lease(), free)).await?;
    let started = claimed.len();
    for claimed in claimed {
        carry_out::begin(app, claimed);
    }
    Ok(started)
}

fn look_at_alerts(app: &crate::app::App) -> Result<usize, Problem> {
    let alerts = app.storage.alerts_to_look_at(ALERTS)?;
    for alert in &alerts {
        monitors::look(app, alert)?;
    }
    Ok(alerts.len())
}

fn lease() -> Span {
    Span::from_micros(LEASE_MICROS).unwrap_or_else(|| unreachable!("a lease is longer than nothing"))
}
