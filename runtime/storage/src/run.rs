//! Runs: each time that a monitor looks at a model, from the instant it is due to its end.

mod claim;
mod finish;
mod insert;
mod list;

pub use claim::{Claimed, RunReading};
pub use finish::{EvaluatedRun, Finished, RunEnd};
pub use insert::NewRun;
pub use list::RunFilter;

pub(crate) use insert::insert;
pub(crate) use list::last_ended;

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::{Error, catalog, model::ModelId, monitor::MonitorId, word::words};

/// A run of a monitor over a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its key, which is that of its evaluation too: made again after a crash, that replaces itself.
    pub id: Uuid,
    /// The monitor.
    pub monitor: Name,
    /// The model.
    pub model: Name,
    /// Why it runs. Of one monitor, model and reason there is one run for each `due`.
    pub reason: Reason,
    /// The instant it is about: windows end at it, or before it.
    pub due: Time,
    /// When it may start: later than `due` by the jitter, or by what it had to wait.
    pub not_before: Time,
    /// How far it is.
    pub status: RunStatus,
    /// How often it was started.
    pub attempts: u32,
    /// The backfill it is part of.
    pub batch: Option<Uuid>,
    /// What else it is to do: a JSON text that storage does not look into.
    pub detail: String,
    /// What came of it: a JSON text that storage does not look into; `{}` before its end.
    pub outcome: String,
    /// When it was made.
    pub created: Time,
    /// When it was started last.
    pub started: Option<Time>,
    /// When it ended.
    pub finished: Option<Time>,
}

words! {
    /// Why a run runs.
    Reason {
        /// Its schedule said so.
        Schedule = "schedule",
        /// Enough rows have come.
        Data = "data",
        /// Enough labels have come.
        Labels = "labels",
        /// Someone asked for it.
        Manual = "manual",
        /// It goes over history.
        Backfill = "backfill",
        /// What earlier runs saw has changed.
        Refresh = "refresh",
    }
}

words! {
    /// How far a run is.
    RunStatus {
        /// It waits for its time, or its turn.
        Due = "due",
        /// Someone is at it.
        Running = "running",
        /// It ended well.
        Succeeded = "succeeded",
        /// It could not do what it was to.
        Failed = "failed",
        /// It was passed over.
        Skipped = "skipped",
    }
}

/// What is due of the monitor by itself is skipped, since it is paused.
pub(crate) fn skip_due(connection: &Connection, monitor: MonitorId, now: Time) -> Result<(), Error> {
    connection
        .prepare_cached(
            r#"UPDATE runs SET status = 'skipped', finished = ?2, outcome = '{"code":"paused"}'
               WHERE monitor = ?1 AND status = 'due' AND reason IN ('schedule', 'data', 'labels', 'refresh')"#,
        )?
        .execute(params![monitor.0, now.micros()])?;
    Ok(())
}

/// What is due of a model that the monitor watches no more is skipped.
pub(crate) fn skip_unwatched(
    connection: &Connection,
    monitor: MonitorId,
    model: ModelId,
    now: Time,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            r#"UPDATE runs SET status = 'skipped', finished = ?3, outcome = '{"code":"unwatched"}'
               WHERE monitor = ?1 AND model = ?2 AND status = 'due'"#,
        )?
        .execute(params![monitor.0, model.0, now.micros()])?;
    Ok(())
}

/// When the next run may start.
pub(crate) fn next_start(connection: &Connection) -> Result<Option<Time>, Error> {
    Ok(connection
        .prepare_cached("SELECT min(not_before) FROM runs WHERE status = 'due'")?
        .query_row([], |row| catalog::time_or_null(row, 0))?)
}

/// The keys of a monitor and of a model that it watches.
pub(crate) type Pair = (MonitorId, ModelId);

/// The run with this key, and the keys of its monitor and model.
pub(crate) fn find(connection: &Connection, id: Uuid) -> Result<Option<(RunRecord, Pair)>, Error> {
    let query = format!("{SELECT} AND r.id = ?1");
    Ok(connection
        .prepare_cached(&query)?
        .query_row([id.as_bytes()], |row| Ok((run(row)?, pair(row, 14)?)))
        .optional()?)
}

const SELECT: &str =
    "SELECT r.id, m.name, o.name, r.reason, r.due, r.not_before, r.status, r.attempts, r.batch, r.detail,
        r.outcome, r.created, r.started, r.finished, r.monitor, r.model
    FROM runs r JOIN monitors m ON m.id = r.monitor JOIN models o ON o.id = r.model
    WHERE m.removed IS NULL AND o.deleted IS NULL";

fn run(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        id: catalog::uuid(row, 0)?,
        monitor: catalog::name(row, 1)?,
        model: catalog::name(row, 2)?,
        reason: catalog::word(row, 3, Reason::parse)?,
        due: catalog::time(row, 4)?,
        not_before: catalog::time(row, 5)?,
        status: catalog::word(row, 6, RunStatus::parse)?,
        attempts: row.get(7)?,
        batch: catalog::uuid_or_null(row, 8)?,
        detail: row.get(9)?,
        outcome: row.get(10)?,
        created: catalog::time(row, 11)?,
        started: catalog::time_or_null(row, 12)?,
        finished: catalog::time_or_null(row, 13)?,
    })
}

/// The keys in a row, the first of them at `at`.
pub(crate) fn pair(row: &Row<'_>, at: usize) -> rusqlite::Result<Pair> {
    Ok((MonitorId(row.get(at)?), ModelId(row.get(at + 1)?)))
}
