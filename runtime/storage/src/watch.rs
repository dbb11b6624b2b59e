//! Watches: each monitor with each model that it watches, and how far the two have come.

mod counts;
mod list;
mod schedule;

pub use counts::WatchCounts;
pub use list::{WatchFilter, WatchRecord};
pub use schedule::{Awaiting, Scheduling};

use driftline_core::{Name, Time};
use rusqlite::{Connection, params};

use crate::{Error, model::ModelId, monitor::MonitorId, run};

/// Never, in the catalog.
const NEVER: i64 = i64::MAX;

const INSERT: &str = "INSERT OR IGNORE INTO watches
    (monitor, model, since, scheduled_until, next_due, seen_predictions, seen_delayed, note)";

/// A monitor begins to watch the models that fit.
pub(crate) fn add_for_monitor(connection: &Connection, id: MonitorId, pattern: &str, now: Time) -> Result<(), Error> {
    let query = format!(
        "{INSERT} SELECT ?1, m.id, ?3, ?3, NULL, coalesce(r.predictions, 0), coalesce(r.delayed, 0), '{{}}'
         FROM models m LEFT JOIN received r ON r.model = m.id WHERE m.deleted IS NULL AND m.name GLOB ?2"
    );
    connection.prepare_cached(&query)?.execute(params![id.0, pattern, now.micros()])?;
    Ok(())
}

/// A new model is watched by the monitors that it fits.
pub(crate) fn add_for_model(connection: &Connection, id: ModelId, name: &Name, now: Time) -> Result<(), Error> {
    for which in ["model = ?2", "is_pattern = 1 AND ?2 GLOB model"] {
        let query = format!(
            "{INSERT} SELECT id, ?1, ?3, ?3, NULL, 0, 0, '{{}}' FROM monitors WHERE removed IS NULL AND {which}"
        );
        connection.prepare_cached(&query)?.execute(params![id.0, name.as_str(), now.micros()])?;
    }
    Ok(())
}

/// A monitor was changed: it watches what fits now, and its schedule is looked at anew.
pub(crate) fn refit(connection: &Connection, id: MonitorId, pattern: &str, now: Time) -> Result<(), Error> {
    let gone: Vec<i64> = connection
        .prepare_cached(
            "DELETE FROM watches WHERE monitor = ?1 AND model IN (SELECT id FROM models WHERE NOT name GLOB ?2)
             RETURNING model",
        )?
        .query_map(params![id.0, pattern], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for model in gone.into_iter().map(ModelId) {
        run::skip_unwatched(connection, id, model, now)?;
        // Whoever looks at its alerts resolves them.
        connection
            .prepare_cached(
                "UPDATE alerts SET look_at = ?3 WHERE monitor = ?1 AND model = ?2 AND status <> 'resolved'",
            )?
            .execute(params![id.0, model.0, now.micros()])?;
    }
    connection.prepare_cached("UPDATE watches SET next_due = NULL WHERE monitor = ?1")?.execute([id.0])?;
    add_for_monitor(connection, id, pattern, now)
}

/// A monitor pauses: its watches are not looked at.
pub(crate) fn rest(connection: &Connection, id: MonitorId) -> Result<(), Error> {
    connection.prepare_cached("UPDATE watches SET next_due = ?2 WHERE monitor = ?1")?.execute(params![id.0, NEVER])?;
    Ok(())
}

/// A monitor goes on: what would have been due meanwhile is passed over.
pub(crate) fn pass_over(connection: &Connection, id: MonitorId, now: Time) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE watches SET scheduled_until = max(scheduled_until, ?2), next_due = NULL,
                 seen_predictions = coalesce((SELECT predictions FROM received WHERE model = watches.model), 0),
                 seen_delayed = coalesce((SELECT delayed FROM received WHERE model = watches.model), 0)
             WHERE monitor = ?1",
        )?
        .execute(params![id.0, now.micros()])?;
    Ok(())
}

/// Whether the monitor watches the model.
pub(crate) fn exists(connection: &Connection, monitor: MonitorId, model: ModelId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM watches WHERE monitor = ?1 AND model = ?2")?
        .exists(params![monitor.0, model.0])?)
}
