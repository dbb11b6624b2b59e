//! What the server does by itself: it erases what was deleted, drops rows past their time, and what monitors did long ago.

#[cfg(test)]
mod tests;

use std::time::Duration;

use driftline_core::{Name, Time};
use driftline_storage::{Erasing, Error as StorageError, Model};
use tokio_util::sync::CancellationToken;

use crate::{app::Shared, config::History, problem::Problem};

/// How often to look whether an hour is over.
const TICK: Duration = Duration::from_secs(10);
/// How long to wait when old files or pages are still in use.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long to wait after a failure, such as a full disk.
const PAUSE: Duration = Duration::from_secs(30);
/// Models looked at in one read.
const PAGE: usize = 100;
/// Steps that one model takes in a round, at most; the next round goes on.
const STEPS: usize = 10_000;

/// Works until `stop`: finishes deletions that an earlier life began, then looks after retention every hour.
pub async fn run(app: Shared, stop: CancellationToken) {
    tokio::spawn(erase(app.clone()));
    let mut done = None;
    loop {
        let hour = hour_of(app.storage.now());
        if done != Some(hour) {
            match retain(&app, &stop).await.and(forget(&app).await) {
                Ok(()) => done = Some(hour),
                Err(problem) => tracing::error!(detail = problem.detail, "retention failed; it will be tried again"),
            }
        }
        let pause = if done == Some(hour) { TICK } else { PAUSE };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Drops what monitors did long ago.
///
/// # Errors
/// Those of the catalog; the next round goes on.
pub async fn forget(app: &Shared) -> Result<(), Problem> {
    app.blocking(move |app| {
        let (now, history) = (app.storage.now(), app.history);
        if let Some(before) = History::before(now, history.evaluation_days) {
            let removed = app.storage.expire_evaluations(before)?;
            tracing::debug!(removed, "old evaluations of monitors are gone");
        }
        if let Some(before) = History::before(now, history.result_days) {
            let removed = app.storage.expire_results(before)?;
            tracing::debug!(removed, "old results of monitors are gone");
        }
        if let Some(before) = History::before(now, history.run_days) {
            while app.storage.expire_history(before)? {}
        }
        app.storage.prune_changes()?;
        Ok::<_, Problem>(())
    })
    .await
}

fn hour_of(time: Time) -> i64 {
    time.micros().div_euclid(3_600_000_000)
}

/// Does everything that is due for every model; one that fails does not hold up the others.
///
/// # Errors
/// The last failure; what was done stays.
pub async fn retain(app: &Shared, stop: &CancellationToken) -> Result<(), Problem> {
    let mut after: Option<Name> = None;
    let mut outcome = Ok(());
    loop {
        let from = after.clone();
        let models = app.blocking(move |app| app.storage.models(from.as_ref(), PAGE)).await?;
        let Some(last) = models.last() else { return outcome };
        after = Some(last.name.clone());
        for model in models.into_iter().filter(has_retention) {
            let name = model.name.clone();
            if let Err(problem) = retain_model(app, model, stop).await {
                tracing::error!(model = %name, detail = problem.detail, "retention of a model failed");
                outcome = Err(problem);
            }
        }
    }
}

fn has_retention(model: &Model) -> bool {
    let retention = model.details.retention;
    retention.raw_days.is_some() || retention.summary_days.is_some() || model.horizon.is_some()
}

async fn retain_model(app: &Shared, model: Model, stop: &CancellationToken) -> Result<(), Problem> {
    for _ in 0..STEPS {
        if stop.is_cancelled() {
            return Ok(());
        }
        match app.evaluator.retain(&model.name).await {
            // The disk may have been full.
            Ok(true) => drop(app.blocking(|app| app.storage.delete_replaced()).await?),
            // It was deleted meanwhile.
            Ok(false) | Err(driftline_eval::Error::NotFound { .. }) => break,
            Err(error) => return Err(error.into()),
        }
    }
    app.blocking(move |app| {
        app.storage.expire_roll_ups(&model)?;
        while app.storage.shrink(&model)? {}
        app.storage.delete_replaced()
    })
    .await?;
    Ok(())
}

/// Erases everything that was deleted; ends when no byte is left, or when storage is closed.
pub async fn erase(app: Shared) {
    let _alone = app.erasing.lock().await;
    loop {
        let pause = match app.blocking(|app| Ok::<_, Problem>(app.storage.erase())).await {
            Ok(Ok(Erasing::Worked)) => Duration::ZERO,
            Ok(Ok(Erasing::Waiting)) => PATIENCE,
            Ok(Ok(Erasing::Nothing) | Err(StorageError::Closed)) => return,
            Ok(Err(error)) => {
                tracing::error!(%error, "erasing failed; it will be tried again");
                PAUSE
            }
            Err(problem) => {
                tracing::error!(detail = problem.detail, "erasing failed; it will be tried again");
                PAUSE
            }
        };
        tokio::time::sleep(pause).await;
    }
}
