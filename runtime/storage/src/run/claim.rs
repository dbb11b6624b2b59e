//! Who runs what: leases that end by themselves when their holder dies.

use driftline_core::{Span, Time};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{RunRecord, SELECT, find, run};
use crate::{
    Error, MonitorRecord, Step, Storage,
    model::ModelId,
    monitor::{self, MonitorId},
};

/// A run that the caller holds, and its monitor as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The run.
    pub run: RunRecord,
    /// Its monitor.
    pub monitor: MonitorRecord,
}

/// How many runs there are that are not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunReading {
    /// How many could start now.
    pub due: u64,
    /// How many run.
    pub running: u64,
    /// When the one that waits longest was to start.
    pub late_since: Option<Time>,
}

impl Storage {
    /// Takes runs whose time has come, at most `limit`: they are `owner`'s for as long as `lease`, unless that renews it.
    /// Models take turns, of each the run that is due first comes first, and of one monitor and model one runs at a
    /// time. Runs whose holder let its lease end are due again; so are those whose lease ends later than one given now
    /// could, since the clock was set back.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn claim_runs(&self, owner: Uuid, lease: Span, limit: usize) -> Result<Vec<Claimed>, Error> {
        if limit == 0 || !self.inner.catalog.read(|view| may_claim(view, self.now()))? {
            return Ok(Vec::new());
        }
        let faults = self.inner.options.faults.clone();
        self.inner.writer.call(move |group| {
            expire(group.connection, owner, lease, group.now)?;
            let mut claimed = Vec::new();
            while claimed.len() < limit {
                let models = waiting(group.connection, group.now, limit - claimed.len())?;
                let before = claimed.len();
                for model in models {
                    if let Some(id) = first_of(group.connection, model, group.now)? {
                        take(group.connection, (id, model), owner, group.now.after(lease), group.now)?;
                        claimed.extend(read(group.connection, id)?);
                    }
                }
                if claimed.len() == before {
                    break;
                }
            }
            faults.pass(Step::RunClaim)?;
            Ok(claimed)
        })
    }

    /// Holds on to runs for another `lease`; gives those that are still `owner`'s.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn renew_runs(&self, owner: Uuid, lease: Span, runs: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
        self.inner.writer.call(move |group| {
            let mut update = group
                .connection
                .prepare_cached("UPDATE runs SET lease = ?3 WHERE id = ?1 AND owner = ?2 AND status = 'running'")?;
            let until = group.now.after(lease).micros();
            let mut held = Vec::with_capacity(runs.len());
            for run in runs {
                if update.execute(params![run.as_bytes(), owner.as_bytes(), until])? == 1 {
                    held.push(run);
                }
            }
            Ok(held)
        })
    }

    /// Gives a run back, so that it is due again from `not_before` on. One that was not interrupted, but could not
    /// begin, `began` not. What is not `owner`'s stays as it is.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn release_run(&self, owner: Uuid, run: Uuid, not_before: Time, began: bool) -> Result<(), Error> {
        self.inner.writer.call(move |group| {
            group
                .connection
                .prepare_cached(
                    "UPDATE runs SET status = 'due', not_before = max(not_before, ?3), owner = NULL, lease = NULL,
                         attempts = attempts - ?4
                     WHERE id = ?1 AND owner = ?2 AND status = 'running'",
                )?
                .execute(params![run.as_bytes(), owner.as_bytes(), not_before.micros(), i64::from(!began)])?;
            Ok(())
        })
    }

    /// Makes the runs due again that others than `owner` hold; the only server of a data directory calls it when it
    /// starts, since the others are dead. Gives how many.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn release_others(&self, owner: Uuid) -> Result<usize, Error> {
        self.inner.writer.call(move |group| {
            let runs = group
                .connection
                .prepare_cached(
                    "UPDATE runs SET status = 'due', owner = NULL, lease = NULL
                     WHERE status = 'running' AND owner <> ?1",
                )?
                .execute([owner.as_bytes()])?;
            group
                .connection
                .prepare_cached("UPDATE deliveries SET owner = NULL, lease = NULL WHERE owner <> ?1")?
                .execute([owner.as_bytes()])?;
            Ok(runs)
        })
    }

    /// How many runs there are that are not over.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn run_reading(&self) -> Result<RunReading, Error> {
        let now = self.now();
        self.inner.catalog.read(|view| {
            let (due, late_since) = view
                .prepare_cached("SELECT count(*), min(not_before) FROM runs WHERE status = 'due' AND not_before <= ?1")?
                .query_row([now.micros()], |row| Ok((row.get(0)?, crate::catalog::time_or_null(row, 1)?)))?;
            let running = view
                .prepare_cached("SELECT count(*) FROM runs WHERE status = 'running'")?
                .query_row([], |row| row.get(0))?;
            Ok(RunReading { due, running, late_since })
        })
    }
}

/// Whether there may be something to claim, so that nobody waits for the writer in vain.
fn may_claim(view: &Connection, now: Time) -> Result<bool, Error> {
    Ok(view
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM runs WHERE status = 'due' AND not_before <= ?1)
                 OR EXISTS (SELECT 1 FROM runs WHERE status = 'running')",
        )?
        .query_row([now.micros()], |row| row.get(0))?)
}

fn expire(connection: &Connection, owner: Uuid, lease: Span, now: Time) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE runs SET status = 'due', owner = NULL, lease = NULL
             WHERE status = 'running' AND owner <> ?1 AND (lease < ?2 OR lease > ?3)",
        )?
        .execute(params![owner.as_bytes(), now.micros(), now.after(lease).micros()])?;
    Ok(())
}

/// The models with something to start, those first whose turn was longest ago.
fn waiting(connection: &Connection, now: Time, limit: usize) -> Result<Vec<ModelId>, Error> {
    let found = connection
        .prepare_cached(
            "SELECT w.model FROM (SELECT DISTINCT model FROM runs WHERE status = 'due' AND not_before <= ?1) w
                 JOIN models o ON o.id = w.model LEFT JOIN turns t ON t.model = w.model
             WHERE o.deleted IS NULL AND EXISTS (
                 SELECT 1 FROM runs r JOIN monitors m ON m.id = r.monitor
                 WHERE r.status = 'due' AND r.model = w.model AND r.not_before <= ?1 AND m.removed IS NULL
                     AND NOT EXISTS (SELECT 1 FROM runs b WHERE b.status = 'running' AND b.monitor = r.monitor
                                     AND b.model = r.model))
             ORDER BY coalesce(t.turn, 0), w.model LIMIT ?2",
        )?
        .query_map(params![now.micros(), limit as i64], |row| row.get(0).map(ModelId))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

fn first_of(connection: &Connection, model: ModelId, now: Time) -> Result<Option<Uuid>, Error> {
    let query = format!(
        "{SELECT} AND r.status = 'due' AND r.model = ?1 AND r.not_before <= ?2
             AND NOT EXISTS (SELECT 1 FROM runs b WHERE b.status = 'running' AND b.monitor = r.monitor
                             AND b.model = r.model)
         ORDER BY r.due, r.id LIMIT 1"
    );
    let found = connection.prepare_cached(&query)?.query_row(params![model.0, now.micros()], run).optional()?;
    Ok(found.map(|run| run.id))
}

fn take(
    connection: &Connection,
    (id, model): (Uuid, ModelId),
    owner: Uuid,
    until: Time,
    now: Time,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE runs SET status = 'running', attempts = attempts + 1, started = ?2, owner = ?3, lease = ?4
             WHERE id = ?1",
        )?
        .execute(params![id.as_bytes(), now.micros(), owner.as_bytes(), until.micros()])?;
    connection
        .prepare_cached(
            "INSERT INTO turns (model, turn) VALUES (?1, (SELECT coalesce(max(turn), 0) + 1 FROM turns))
             ON CONFLICT (model) DO UPDATE SET turn = excluded.turn",
        )?
        .execute([model.0])?;
    Ok(())
}

fn read(connection: &Connection, id: Uuid) -> Result<Option<Claimed>, Error> {
    let Some((run, (monitor, _))) = find(connection, id)? else { return Ok(None) };
    Ok(Some(Claimed { run, monitor: monitor::by_id(connection, monitor)? }))
}

/// The pair of a run that `owner` holds.
///
/// # Errors
/// [`Error::Conflict`] when it is not, [`Error::NotFound`] when there is no such run any more.
pub(super) fn held(connection: &Connection, owner: Uuid, id: Uuid) -> Result<(RunRecord, (MonitorId, ModelId)), Error> {
    let found = find(connection, id)?.ok_or_else(|| Error::not_found("run", id))?;
    let is_held = connection
        .prepare_cached("SELECT 1 FROM runs WHERE id = ?1 AND owner = ?2 AND status = 'running'")?
        .exists(params![id.as_bytes(), owner.as_bytes()])?;
    if is_held {
        return Ok(found);
    }
    Err(Error::conflict("lease_lost", format!("run {id} is another's meanwhile, or over: what came of it is dropped")))
}
