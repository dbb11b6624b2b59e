//! From instants and rows to due runs: what a watch waits for, and how it moves on.

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::NEVER;
use crate::{
    Error, NewRun, ReceivedRows, Step, Storage, Trigger, catalog,
    model::ModelId,
    monitor::MonitorId,
    run::{self, insert},
};

/// A watch that may have something to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaiting {
    /// The monitor.
    pub monitor: Name,
    /// Its revision.
    pub revision: u64,
    /// The model.
    pub model: Name,
    /// What its schedule waits for.
    pub trigger: Trigger,
    /// When the monitor began to watch this model.
    pub since: Time,
    /// Instants up to this one are runs, or were passed over.
    pub scheduled_until: Time,
    /// How many rows had come when it was last moved on.
    pub seen: ReceivedRows,
    /// How many have come.
    pub received: ReceivedRows,
    /// What whoever schedules wrote down last: a JSON text.
    pub note: String,
    pub(crate) key: (MonitorId, ModelId),
}

/// How a watch moves on.
#[derive(Debug, Clone)]
pub struct Scheduling {
    /// The watch as it was read.
    pub watch: Awaiting,
    /// Instants up to this one are runs now, or are passed over; it never goes back.
    pub until: Time,
    /// When to look again, if ever without new rows.
    pub next_due: Option<Time>,
    /// How many rows are taken as seen.
    pub seen: ReceivedRows,
    /// What to write down.
    pub note: String,
    /// The runs that are due.
    pub runs: Vec<NewRun>,
}

impl Storage {
    /// The watches whose time has come to be looked at, the longest waiting first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn watches_due(&self, limit: usize) -> Result<Vec<Awaiting>, Error> {
        let now = self.now();
        self.inner.catalog.read(|view| {
            let query = format!("{SELECT} AND (w.next_due IS NULL OR w.next_due <= ?1) ORDER BY w.next_due LIMIT ?2");
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(params![now.micros(), limit as i64], awaiting)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The watches that wait for rows, and whose models got some since they last moved on.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn watches_with_rows(&self) -> Result<Vec<Awaiting>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!(
                "{SELECT} AND m.trigger <> 'time' AND w.next_due IS NOT NULL
                 AND (r.predictions > w.seen_predictions OR r.delayed > w.seen_delayed)"
            );
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map([], awaiting)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// When the next watch is to be looked at.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn next_look(&self) -> Result<Option<Time>, Error> {
        self.inner.catalog.read(|view| {
            let watch: Option<Time> = view
                .prepare_cached("SELECT next_due FROM watches WHERE next_due < ?1 ORDER BY next_due LIMIT 1")?
                .query_row([NEVER], |row| catalog::time(row, 0))
                .optional()?;
            let run = run::next_start(view)?;
            let alert: Option<Time> = view
                .prepare_cached("SELECT look_at FROM alerts WHERE look_at IS NOT NULL ORDER BY look_at LIMIT 1")?
                .query_row([], |row| catalog::time(row, 0))
                .optional()?;
            Ok([watch, run, alert].into_iter().flatten().min())
        })
    }

    /// Makes due runs and moves the watches on, in one transaction; leaves out a watch that is not any more what was
    /// read. Gives the number of runs that are due and were not there before.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn schedule(&self, schedulings: Vec<Scheduling>) -> Result<usize, Error> {
        let faults = self.inner.options.faults.clone();
        self.inner.writer.call(move |group| {
            let mut due = 0;
            for scheduling in &schedulings {
                let (monitor, model) = scheduling.watch.key;
                if !is_unchanged(group.connection, &scheduling.watch)? {
                    continue;
                }
                for run in &scheduling.runs {
                    let is_new = insert(group.connection, (monitor, model), run, group.now)?;
                    due += usize::from(is_new && run.skipped.is_none());
                }
                faults.pass(Step::MonitorSchedule)?;
                move_on(group.connection, scheduling)?;
            }
            Ok(due)
        })
    }
}

fn is_unchanged(connection: &Connection, watch: &Awaiting) -> Result<bool, Error> {
    let (monitor, model) = watch.key;
    let query = format!("{SELECT} AND w.monitor = ?1 AND w.model = ?2");
    let found = connection.prepare_cached(&query)?.query_row([monitor.0, model.0], awaiting).optional()?;
    // Rows may have come meanwhile: they count the next time.
    Ok(found.is_some_and(|found| Awaiting { received: watch.received, ..found } == *watch))
}

fn move_on(connection: &Connection, scheduling: &Scheduling) -> Result<(), Error> {
    let Scheduling { watch, until, next_due, seen, note, .. } = scheduling;
    let (monitor, model) = watch.key;
    connection
        .prepare_cached(
            "UPDATE watches SET scheduled_until = max(scheduled_until, ?3), next_due = ?4, seen_predictions = ?5,
                 seen_delayed = ?6, note = ?7 WHERE monitor = ?1 AND model = ?2",
        )?
        .execute(params![
            monitor.0,
            model.0,
            until.micros(),
            next_due.map_or(NEVER, Time::micros),
            seen.predictions,
            seen.delayed,
            note
        ])?;
    Ok(())
}

const SELECT: &str = "SELECT w.monitor, w.model, m.name, m.revision, o.name, m.trigger, w.since, w.scheduled_until,
        w.seen_predictions, w.seen_delayed, coalesce(r.predictions, 0), coalesce(r.delayed, 0), w.note
    FROM watches w JOIN monitors m ON m.id = w.monitor JOIN models o ON o.id = w.model
        LEFT JOIN received r ON r.model = w.model
    WHERE m.removed IS NULL AND m.paused = 0 AND o.deleted IS NULL";

fn awaiting(row: &Row<'_>) -> rusqlite::Result<Awaiting> {
    Ok(Awaiting {
        key: (MonitorId(row.get(0)?), ModelId(row.get(1)?)),
        monitor: catalog::name(row, 2)?,
        revision: row.get(3)?,
        model: catalog::name(row, 4)?,
        trigger: catalog::word(row, 5, Trigger::parse)?,
        since: catalog::time(row, 6)?,
        scheduled_until: catalog::time(row, 7)?,
        seen: ReceivedRows { predictions: row.get(8)?, delayed: row.get(9)? },
        received: ReceivedRows { predictions: row.get(10)?, delayed: row.get(11)? },
        note: row.get(12)?,
    })
}
