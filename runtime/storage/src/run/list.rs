//! Runs as they are listed.

use driftline_core::Name;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{Reason, RunRecord, RunStatus, SELECT, find, run};
use crate::{Error, Storage, model::ModelId, monitor::MonitorId};

/// Which runs to list.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Those of this monitor.
    pub monitor: Option<Name>,
    /// Those over this model.
    pub model: Option<Name>,
    /// Those that are so far.
    pub status: Option<RunStatus>,
    /// Those that run for this reason.
    pub reason: Option<Reason>,
    /// Those of this backfill.
    pub batch: Option<Uuid>,
}

impl Storage {
    /// The run with this key.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn run(&self, id: Uuid) -> Result<Option<RunRecord>, Error> {
        self.inner.catalog.read(|view| Ok(find(view, id)?.map(|(run, _)| run)))
    }

    /// Runs, those due last first, at most `limit`, those before the one with the key `after`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no run with the key `after`.
    pub fn runs(&self, filter: &RunFilter, after: Option<Uuid>, limit: usize) -> Result<Vec<RunRecord>, Error> {
        self.inner.catalog.read(|view| {
            let (due, id) = match after {
                Some(id) => {
                    let (run, _) = find(view, id)?.ok_or_else(|| Error::not_found("run", id))?;
                    (run.due.micros(), id.into_bytes())
                }
                None => (i64::MAX, [u8::MAX; 16]),
            };
            // Each shape of the query is served by an index of its own.
            let monitor =
                clause(filter.monitor.is_some(), "r.monitor = (SELECT id FROM monitors WHERE name = ?3)", "?3");
            let model = clause(filter.model.is_some(), "r.model = (SELECT id FROM models WHERE name = ?4)", "?4");
            let batch = clause(filter.batch.is_some(), "r.batch = ?5", "?5");
            let query = format!(
                "{SELECT} AND (r.due, r.id) < (?1, ?2) AND {monitor} AND {model} AND {batch}
                 AND (?6 IS NULL OR r.status = ?6) AND (?7 IS NULL OR r.reason = ?7)
                 ORDER BY r.due DESC, r.id DESC LIMIT ?8"
            );
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(
                params![
                    due,
                    id,
                    filter.monitor.as_ref().map(Name::as_str),
                    filter.model.as_ref().map(Name::as_str),
                    filter.batch.map(Uuid::into_bytes),
                    filter.status.map(RunStatus::as_str),
                    filter.reason.map(Reason::as_str),
                    limit as i64
                ],
                run,
            )?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Of each of these monitors the run that ended last, of whichever model.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn last_runs(&self, monitors: &[Name]) -> Result<Vec<Option<RunRecord>>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!(
                "{SELECT} AND r.id IN (
                     SELECT (SELECT l.id FROM runs l WHERE l.monitor = w.monitor AND l.model = w.model
                                 AND l.status IN ('succeeded', 'failed') ORDER BY l.due DESC, l.id DESC LIMIT 1)
                     FROM watches w WHERE w.monitor = (SELECT id FROM monitors WHERE name = ?1 AND removed IS NULL))
                 ORDER BY r.finished DESC, r.id DESC LIMIT 1"
            );
            let mut statement = view.prepare_cached(&query)?;
            let last = |monitor: &Name| Ok(statement.query_row([monitor.as_str()], run).optional()?);
            monitors.iter().map(last).collect()
        })
    }
}

fn clause<'a>(is_asked: bool, clause: &'a str, parameter: &str) -> std::borrow::Cow<'a, str> {
    if is_asked { clause.into() } else { format!("{parameter} IS NULL").into() }
}

/// The run of a pair that ended last and was not passed over.
pub(crate) fn last_ended(
    connection: &Connection,
    monitor: MonitorId,
    model: ModelId,
) -> Result<Option<RunRecord>, Error> {
    let query = format!(
        "{SELECT} AND r.monitor = ?1 AND r.model = ?2 AND r.status IN ('succeeded', 'failed')
         ORDER BY r.due DESC, r.id DESC LIMIT 1"
    );
    Ok(connection.prepare_cached(&query)?.query_row(params![monitor.0, model.0], run).optional()?)
}
