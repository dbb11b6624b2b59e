//! What is old or removed goes: ended runs, settled deliveries, and all that removed monitors had.

use driftline_core::Time;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Error, Storage};

/// Rows that go in one transaction.
const ROWS: i64 = 1_000;

/// What a removed monitor had, a thousand rows at a time; what others refer to comes last.
const OF_MONITOR: [&str; 5] = [
    "DELETE FROM alert_events WHERE seq IN (SELECT e.seq FROM alert_events e JOIN alerts a ON a.id = e.alert
         WHERE a.monitor = ?1 LIMIT ?2)",
    "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE monitor = ?1 LIMIT ?2)",
    "DELETE FROM results WHERE id IN (SELECT id FROM results WHERE monitor = ?1 LIMIT ?2)",
    "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE monitor = ?1 LIMIT ?2)",
    "DELETE FROM watches WHERE (monitor, model) IN (SELECT monitor, model FROM watches WHERE monitor = ?1 LIMIT ?2)",
];

/// What is older than an instant, a thousand rows at a time.
const OLD: [&str; 3] = [
    "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE finished IS NOT NULL AND finished < ?1 LIMIT ?2)",
    "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE settled IS NOT NULL AND settled < ?1 LIMIT ?2)",
    "DELETE FROM silences WHERE id IN (SELECT id FROM silences WHERE ends < ?1 LIMIT ?2)",
];

impl Storage {
    /// Takes a step of removing what removed monitors had; tells whether there may be more.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; the step can be tried again.
    pub fn sweep_monitors(&self) -> Result<bool, Error> {
        if self.inner.catalog.read(removed)?.is_none() {
            return Ok(false);
        }
        self.inner.writer.call(|group| {
            let Some(monitor) = removed(group.connection)? else { return Ok(false) };
            for delete in OF_MONITOR {
                if group.connection.prepare_cached(delete)?.execute(params![monitor, ROWS])? > 0 {
                    return Ok(true);
                }
            }
            group.connection.prepare_cached("DELETE FROM monitors WHERE id = ?1")?.execute([monitor])?;
            Ok(true)
        })
    }

    /// Removes some of the runs that ended, deliveries that were settled and silences that were over before `before`;
    /// tells whether there may be more. Results and alerts stay.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; the step can be tried again.
    pub fn expire_history(&self, before: Time) -> Result<bool, Error> {
        self.inner.writer.call(move |group| {
            let mut removed = 0;
            for delete in OLD {
                removed += group.connection.prepare_cached(delete)?.execute(params![before.micros(), ROWS])?;
            }
            Ok(removed > 0)
        })
    }
}

fn removed(connection: &Connection) -> Result<Option<i64>, Error> {
    Ok(connection
        .prepare_cached("SELECT id FROM monitors WHERE removed IS NOT NULL LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}
