//! Monitors: what is watched, and by what rules.

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Error, Judge, Storage, alert, catalog, run, watch, word::words};

/// A monitor as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorRecord {
    /// Its name.
    pub name: Name,
    /// Counts the changes of what it is, from 1.
    pub revision: u64,
    /// The model it watches, or a pattern of models: `*` stands for any characters, `?` for one.
    pub model: String,
    /// What its schedule waits for.
    pub trigger: Trigger,
    /// All else that it is, as a JSON text that storage does not look into.
    pub definition: String,
    /// Whether it makes no runs by itself for now.
    pub paused: bool,
    /// When it was first put.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

/// A monitor as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMonitor {
    /// As in [`MonitorRecord`].
    pub name: Name,
    /// As in [`MonitorRecord`]; made of characters of names, `*` and `?`.
    pub model: String,
    /// As in [`MonitorRecord`].
    pub trigger: Trigger,
    /// As in [`MonitorRecord`].
    pub definition: String,
    /// As in [`MonitorRecord`].
    pub paused: bool,
}

words! {
    /// What a schedule waits for.
    Trigger {
        /// An instant.
        Time = "time",
        /// New predictions.
        Data = "data",
        /// New labels.
        Labels = "labels",
    }
}

/// What came of putting something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is new.
    Created,
    /// It was there, and is other now.
    Changed,
    /// It was there just so; nothing was written.
    Unchanged,
}

/// A monitor's key in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MonitorId(pub i64);

impl Storage {
    /// Creates the monitor or makes it what `new` says. It watches the models that fit from now on; runs that are due of
    /// others are skipped.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn put_monitor(&self, new: NewMonitor) -> Result<(MonitorRecord, Written), Error> {
        self.inner.writer.call(move |group| put(group.connection, &new, group.now))
    }

    /// The monitor called `name`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn monitor(&self, name: &Name) -> Result<Option<MonitorRecord>, Error> {
        self.inner.catalog.read(|view| Ok(find(view, name)?.map(|(_, record)| record)))
    }

    /// Monitors in the order of their names, at most `limit`, those after `after`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn monitors(&self, after: Option<&Name>, limit: usize) -> Result<Vec<MonitorRecord>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!("{SELECT} AND name > ?1 ORDER BY name LIMIT ?2");
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(params![after.map_or("", Name::as_str), limit as i64], monitor)?;
            found.map(|found| Ok(found?.1)).collect()
        })
    }

    /// Pauses the monitor or lets it go on. What is due of it when it pauses is skipped, and so is the time until it
    /// goes on.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the monitor.
    pub fn pause_monitor(&self, name: &Name, paused: bool) -> Result<MonitorRecord, Error> {
        let name = name.clone();
        self.inner.writer.call(move |group| {
            let (id, held) = find(group.connection, &name)?.ok_or_else(|| unknown(&name))?;
            if held.paused != paused {
                pause(group.connection, id, paused, group.now)?;
            }
            Ok(MonitorRecord { paused, ..held })
        })
    }

    /// Removes the monitor with its runs, results and alerts: it is not seen any more when this returns, and
    /// [`Self::sweep_monitors`] removes what it had. `farewell` decides what is still told of its alerts.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the monitor.
    pub fn remove_monitor(&self, name: &Name, farewell: Judge) -> Result<(), Error> {
        let name = name.clone();
        self.inner.writer.call(move |group| {
            let (id, _) = find(group.connection, &name)?.ok_or_else(|| unknown(&name))?;
            alert::judge_all(group.connection, id, farewell, group.now)?;
            group
                .connection
                .prepare_cached("UPDATE monitors SET name = '/' || id, definition = '', removed = ?2 WHERE id = ?1")?
                .execute(params![id.0, group.now.micros()])?;
            Ok(())
        })
    }
}

/// The key of the monitor called `name`.
pub(crate) fn id(connection: &Connection, name: &Name) -> Result<MonitorId, Error> {
    connection
        .prepare_cached("SELECT id FROM monitors WHERE name = ?1 AND removed IS NULL")?
        .query_row([name.as_str()], |row| row.get(0).map(MonitorId))
        .optional()?
        .ok_or_else(|| unknown(name))
}

/// The monitor with this key.
pub(crate) fn by_id(connection: &Connection, id: MonitorId) -> Result<MonitorRecord, Error> {
    let query = format!("{SELECT} AND id = ?1");
    let found = connection.prepare_cached(&query)?.query_row([id.0], monitor).optional()?;
    found.map(|(_, record)| record).ok_or_else(|| Error::not_found("monitor with key", id.0))
}

fn put(connection: &Connection, new: &NewMonitor, now: Time) -> Result<(MonitorRecord, Written), Error> {
    let NewMonitor { name, model, trigger, definition, paused } = new;
    let Some((id, held)) = find(connection, name)? else {
        let id = insert(connection, new, now)?;
        watch::add_for_monitor(connection, id, model, now)?;
        return Ok((by_id(connection, id)?, Written::Created));
    };
    let is_same = held.model == *model && held.trigger == *trigger && held.definition == *definition;
    if is_same && held.paused == *paused {
        return Ok((held, Written::Unchanged));
    }
    if !is_same {
        connection
            .prepare_cached(
                "UPDATE monitors SET revision = revision + 1, model = ?2, is_pattern = ?3, trigger = ?4,
                     definition = ?5, changed = ?6 WHERE id = ?1",
            )?
            .execute(params![id.0, model, is_pattern(model), trigger.as_str(), definition, now.micros()])?;
        watch::refit(connection, id, model, now)?;
    }
    if held.paused != *paused {
        pause(connection, id, *paused, now)?;
    }
    Ok((by_id(connection, id)?, Written::Changed))
}

fn insert(connection: &Connection, new: &NewMonitor, now: Time) -> Result<MonitorId, Error> {
    connection
        .prepare_cached(
            "INSERT INTO monitors (name, revision, model, is_pattern, trigger, definition, paused, created, changed)
             VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        )?
        .execute(params![
            new.name.as_str(),
            new.model,
            is_pattern(&new.model),
            new.trigger.as_str(),
            new.definition,
            new.paused,
            now.micros()
        ])?;
    Ok(MonitorId(connection.last_insert_rowid()))
}

fn pause(connection: &Connection, id: MonitorId, paused: bool, now: Time) -> Result<(), Error> {
    connection.prepare_cached("UPDATE monitors SET paused = ?2, changed = ?3 WHERE id = ?1")?.execute(params![
        id.0,
        paused,
        now.micros()
    ])?;
    if paused {
        watch::rest(connection, id)?;
        run::skip_due(connection, id, now)
    } else {
        watch::pass_over(connection, id, now)
    }
}

fn is_pattern(model: &str) -> bool {
    model.contains(['*', '?'])
}

pub(crate) fn unknown(name: &Name) -> Error {
    Error::not_found("monitor", name)
}

const SELECT: &str = "SELECT id, name, revision, model, trigger, definition, paused, created, changed
    FROM monitors WHERE removed IS NULL";

fn find(connection: &Connection, name: &Name) -> Result<Option<(MonitorId, MonitorRecord)>, Error> {
    let query = format!("{SELECT} AND name = ?1");
    Ok(connection.prepare_cached(&query)?.query_row([name.as_str()], monitor).optional()?)
}

fn monitor(row: &Row<'_>) -> rusqlite::Result<(MonitorId, MonitorRecord)> {
    let record = MonitorRecord {
        name: catalog::name(row, 1)?,
        revision: row.get(2)?,
        model: row.get(3)?,
        trigger: catalog::word(row, 4, Trigger::parse)?,
        definition: row.get(5)?,
        paused: row.get(6)?,
        created: catalog::time(row, 7)?,
        changed: catalog::time(row, 8)?,
    };
    Ok((MonitorId(row.get(0)?), record))
}
