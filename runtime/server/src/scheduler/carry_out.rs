//! One run from its claim to its end: it ends with all that it found, or is due again.

use std::{panic::AssertUnwindSafe, time::Duration};

use driftline_core::{Span, Time};
use driftline_storage::{Claimed, Error as StorageError, MonitorRecord, RunEnd, RunRecord};
use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::{app::Shared, monitors, monitors::Later, problem::Problem};

/// A run that was begun so often and never ended is given up: it may be what kills the server.
const ATTEMPTS: u32 = 10;
/// How long to wait before what a run found is written again, or the run given back, when the disk fails.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a run waits whose end could not be kept.
const AGAIN: Duration = Duration::from_secs(30);

/// Starts a run that was claimed.
pub(super) fn begin(app: &Shared, claimed: Claimed) {
    let scheduler = &app.scheduler;
    let (id, cancel) = (claimed.run.id, scheduler.stop.child_token());
    scheduler.at_work().insert(id, cancel.clone());
    app.metrics.monitors.started(app.storage.now(), &claimed.run);
    let app = app.clone();
    scheduler.tasks.clone().spawn(async move {
        carry_out(&app, claimed, &cancel).await;
        app.scheduler.at_work().remove(&id);
        app.scheduler.ended.send_modify(|count| *count += 1);
        app.scheduler.wake();
    });
}

async fn carry_out(app: &Shared, Claimed { run, monitor }: Claimed, cancel: &CancellationToken) {
    let started = std::time::Instant::now();
    let outcome = tokio::select! {
        outcome = found(app, &monitor, &run) => outcome,
        () = cancel.cancelled() => Err(Later { after: Duration::ZERO }),
    };
    let end = match outcome {
        Ok(end) => end,
        Err(Later { after }) => return give_back(app, &run, after).await,
    };
    let status = end.status;
    match finish(app, &run, end).await {
        Ok(deliveries) => {
            app.metrics.monitors.ended(&run, status, started.elapsed());
            if deliveries > 0 {
                app.deliveries.wake();
            }
        }
        Err(StorageError::Conflict { .. } | StorageError::NotFound { .. }) => {
            tracing::info!(run = %run.id, monitor = %run.monitor, model = %run.model, "a run was overtaken and is dropped");
        }
        Err(error) => {
            tracing::error!(run = %run.id, monitor = %run.monitor, %error, "what a run found can't be kept: it runs again");
            give_back(app, &run, AGAIN).await;
        }
    }
}

/// What the run finds; a panic is a failure of it.
async fn found(app: &Shared, monitor: &MonitorRecord, run: &RunRecord) -> Result<RunEnd, Later> {
    if run.attempts > ATTEMPTS {
        let why = format!("it was begun {ATTEMPTS} times and cut off each time: look at the server's log");
        return Ok(monitors::gave_up(monitor, run, "interrupted_too_often", why));
    }
    let outcome = AssertUnwindSafe(monitors::run(app, monitor, run)).catch_unwind().await;
    outcome.unwrap_or_else(|_| {
        tracing::error!(run = %run.id, monitor = %run.monitor, model = %run.model, "a run panicked");
        Ok(monitors::gave_up(monitor, run, "internal_error", "the run ended unexpectedly: see the server's log".into()))
    })
}

/// Keeps the end of a run; gives the number of deliveries that came of it.
async fn finish(app: &Shared, run: &RunRecord, end: RunEnd) -> Result<usize, StorageError> {
    let (owner, id) = (app.scheduler.owner, run.id);
    let kept = app.blocking(move |app| Ok::<_, Problem>(app.storage.finish_run(owner, id, end))).await;
    kept.map_err(|problem| StorageError::failed("keeping the end of a run", problem.detail))?
        .map(|finished| finished.deliveries)
}

/// Makes the run due again; tries until that is written, or the server stops: a later life does it then.
async fn give_back(app: &Shared, run: &RunRecord, after: Duration) {
    let (owner, id) = (app.scheduler.owner, run.id);
    let at = later(app.storage.now(), after);
    loop {
        let released = app.blocking(move |app| app.storage.release_run(owner, id, at, false)).await;
        match released {
            Ok(()) => return,
            Err(problem) if app.scheduler.stop.is_cancelled() => {
                tracing::warn!(run = %id, detail = problem.detail, "a run was not given back: the next start does it");
                return;
            }
            Err(problem) => tracing::error!(run = %id, detail = problem.detail, "a run can't be given back yet"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn later(now: Time, after: Duration) -> Time {
    let micros = i64::try_from(after.as_micros()).unwrap_or(i64::MAX);
    Span::from_micros(micros).map_or(now, |span| now.after(span))
}
