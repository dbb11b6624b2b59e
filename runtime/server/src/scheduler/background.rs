//! The scheduler's loop: it ticks when something is due or someone wakes it, and holds on to what runs.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{LEASE_MICROS, Report, lease, tick};
use crate::{app::Shared, problem::Problem};

/// The longest time until the clock is read again: it may have been set.
pub(super) const LONGEST: Duration = Duration::from_secs(5);
/// The shortest pause between two ticks that found something to wait for.
const SHORTEST: Duration = Duration::from_millis(20);
/// How long to wait when what is due can't start, or the catalog fails.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a finished part of history may still be swept in one go.
const SWEEPS: usize = 100;

/// Works until `stop`. What other lives of this server left running is due again at once.
pub async fn run(app: Shared, stop: CancellationToken) {
    let owner = app.scheduler.owner;
    match app.blocking(move |app| app.storage.release_others(owner)).await {
        Ok(0) => {}
        Ok(runs) => tracing::warn!(runs, "runs of monitors were cut off when the server last stopped: they run again"),
        Err(problem) => tracing::error!(detail = problem.detail, "runs that were cut off can't be made due again yet"),
    }
    // So are the deliveries that they were sending.
    app.deliveries.wake();
    tokio::join!(ticks(&app, &stop), renewals(&app, &stop));
}

async fn ticks(app: &Shared, stop: &CancellationToken) {
    loop {
        let pause = match tick(app).await {
            Ok(report) => pause(app, report).await,
            Err(problem) => {
                tracing::error!(detail = problem.detail, "monitors could not be scheduled; it will be tried again");
                PATIENCE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.scheduler.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
        if let Err(problem) = sweep(app).await {
            tracing::error!(detail = problem.detail, "what removed monitors left can't be removed yet");
        }
    }
}

/// How long there is nothing to do, by the clock of storage, but never longer than a few seconds.
async fn pause(app: &Shared, report: Report) -> Duration {
    if report != Report::default() {
        return SHORTEST;
    }
    let next = app.blocking(|app| Ok::<_, Problem>((app.storage.next_look()?, app.storage.now()))).await;
    match next {
        Ok((Some(next), now)) if next > now => {
            let micros = u64::try_from(next.micros() - now.micros()).unwrap_or_default();
            Duration::from_micros(micros).clamp(SHORTEST, LONGEST)
        }
        Ok((Some(_), _)) => PATIENCE,
        Ok((None, _)) => LONGEST,
        Err(_) => PATIENCE,
    }
}

async fn sweep(app: &Shared) -> Result<(), Problem> {
    app.blocking(|app| {
        for _ in 0..SWEEPS {
            if !app.storage.sweep_monitors()? {
                break;
            }
        }
        Ok::<_, Problem>(())
    })
    .await
}

/// Renews the leases of what runs, and interrupts what was taken away.
async fn renewals(app: &Shared, stop: &CancellationToken) {
    let pause = Duration::from_micros(LEASE_MICROS.unsigned_abs() / 3);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if let Err(problem) = renew(app).await {
            tracing::error!(detail = problem.detail, "runs of monitors can't be held on to; it will be tried again");
        }
    }
}

/// Renews the leases of what runs; a run that is another's meanwhile is interrupted.
///
/// # Errors
/// Those of the catalog.
pub(super) async fn renew(app: &Shared) -> Result<(), Problem> {
    let (owner, runs) = (app.scheduler.owner, app.scheduler.at_work().keys().copied().collect::<Vec<_>>());
    if runs.is_empty() {
        return Ok(());
    }
    let asked = runs.clone();
    let held = app.blocking(move |app| app.storage.renew_runs(owner, lease(), asked)).await?;
    let at_work = app.scheduler.at_work();
    for lost in runs.iter().filter(|run| !held.contains(run)) {
        if let Some(cancel) = at_work.get(lost) {
            cancel.cancel();
        }
    }
    Ok(())
}
