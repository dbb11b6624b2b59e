//! New runs; one that is there already stays what it is.

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{Reason, RunRecord, RunStatus, SELECT, run};
use crate::{
    Error, Storage, model,
    model::ModelId,
    monitor::{self, MonitorId},
};

/// A run that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its key, such as a new UUID of version 7.
    pub id: Uuid,
    /// As in [`RunRecord`].
    pub reason: Reason,
    /// As in [`RunRecord`].
    pub due: Time,
    /// As in [`RunRecord`].
    pub not_before: Time,
    /// As in [`RunRecord`].
    pub batch: Option<Uuid>,
    /// As in [`RunRecord`].
    pub detail: String,
    /// Why it is passed over, if it is: the outcome.
    pub skipped: Option<String>,
}

impl Storage {
    /// Makes runs of a monitor over models, all or none; gives them as they are now, those that were there before too.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the monitor or a model.
    pub fn insert_runs(&self, monitor: &Name, runs: Vec<(Name, NewRun)>) -> Result<Vec<RunRecord>, Error> {
        let name = monitor.clone();
        self.inner.writer.call(move |group| {
            let monitor = monitor::id(group.connection, &name)?;
            let mut records = Vec::with_capacity(runs.len());
            for (model, new) in &runs {
                let model = model::id(group.connection, model)?;
                insert(group.connection, (monitor, model), new, group.now)?;
                records.push(existing(group.connection, (monitor, model), new)?);
            }
            Ok(records)
        })
    }
}

/// Makes the run unless it is there; tells whether it was made.
pub(crate) fn insert(
    connection: &Connection,
    (monitor, model): (MonitorId, ModelId),
    new: &NewRun,
    now: Time,
) -> Result<bool, Error> {
    let status = if new.skipped.is_some() { RunStatus::Skipped } else { RunStatus::Due };
    let made = connection
        .prepare_cached(
            "INSERT INTO runs (id, monitor, model, reason, due, not_before, status, attempts, batch, detail, outcome,
                 created, finished)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (monitor, model, reason, due) DO NOTHING",
        )?
        .execute(params![
            new.id.as_bytes(),
            monitor.0,
            model.0,
            new.reason.as_str(),
            new.due.micros(),
            new.not_before.micros(),
            status.as_str(),
            new.batch.map(Uuid::into_bytes),
            new.detail,
            new.skipped.as_deref().unwrap_or("{}"),
            now.micros(),
            new.skipped.as_ref().map(|_| now.micros()),
        ])?;
    Ok(made == 1)
}

fn existing(connection: &Connection, (monitor, model): (MonitorId, ModelId), new: &NewRun) -> Result<RunRecord, Error> {
    let query = format!("{SELECT} AND r.monitor = ?1 AND r.model = ?2 AND r.reason = ?3 AND r.due = ?4");
    connection
        .prepare_cached(&query)?
        .query_row(params![monitor.0, model.0, new.reason.as_str(), new.due.micros()], run)
        .optional()?
        .ok_or_else(|| Error::not_found("run", new.id))
}
