//! What is old or removed goes: ended runs, settled deliveries, what runs left, and all that removed monitors had.

use driftline_core::Time;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::{Error, Storage, aggregate, catalog, changes};

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

/// Evaluations of runs in the order of their age. One stays while nothing newer has ended for the same monitor and model,
/// and while an alert is open that it opened or that was open already.
const EVALUATIONS: &str = "SELECT e.created, e.id, EXISTS (SELECT 1 FROM runs r WHERE r.id = e.run AND (
        NOT EXISTS (SELECT 1 FROM runs n WHERE n.monitor = r.monitor AND n.model = r.model AND n.due > r.due
                    AND n.status IN ('succeeded', 'failed'))
        OR EXISTS (SELECT 1 FROM alerts a WHERE a.monitor = r.monitor AND a.model = r.model
                   AND a.status <> 'resolved' AND a.opened <= r.finished)))
    FROM evaluations e INDEXED BY evaluations_of_runs
    WHERE e.run IS NOT NULL AND e.created < ?1 AND (e.created, e.id) > (?2, ?3) ORDER BY e.created, e.id LIMIT ?4";

/// Versions of results in the order in which they became known; whether each has been neither replaced nor looked at
/// again since an instant.
const RESULTS: &str = "SELECT id, known, coalesce(superseded, checked) < ?1 FROM results WHERE id > ?2
    ORDER BY id LIMIT ?3";

/// Resolved alerts, a thousand at a time, their events first.
const ALERTS: [&str; 2] = [
    "DELETE FROM alert_events WHERE seq IN (SELECT e.seq FROM alerts a JOIN alert_events e ON e.alert = a.id
         WHERE a.status = 'resolved' AND a.resolved < ?1 LIMIT ?2)",
    "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE status = 'resolved' AND resolved < ?1 LIMIT ?2)",
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

    /// Removes the evaluations of runs, with their aggregates, that were made before `before`, but not the last one of a
    /// monitor and model, and none of the time of an alert that is open. What they say of windows stays in the results.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; what was removed before stays so.
    pub fn expire_evaluations(&self, before: Time) -> Result<usize, Error> {
        let (mut removed, mut after) = (0, (i64::MIN, Uuid::nil()));
        loop {
            let page = self.inner.catalog.read(|view| {
                let mut statement = view.prepare_cached(EVALUATIONS)?;
                let (created, id) = after;
                let found = statement.query_map(params![before.micros(), created, id.as_bytes(), ROWS], |row| {
                    Ok(((row.get(0)?, catalog::uuid(row, 1)?), row.get(2)?))
                })?;
                Ok(found.collect::<Result<Vec<((i64, Uuid), bool)>, _>>()?)
            })?;
            let Some((last, _)) = page.last() else { return Ok(removed) };
            after = *last;
            let old: Vec<Uuid> = page.iter().filter(|(_, stays)| !stays).map(|((_, id), _)| *id).collect();
            removed += old.len();
            self.inner.writer.call(move |group| {
                for id in old {
                    aggregate::remove_of(group.connection, id)?;
                    group
                        .connection
                        .prepare_cached("DELETE FROM evaluations WHERE id = ?1 AND run IS NOT NULL")?
                        .execute([id.as_bytes()])?;
                }
                Ok(())
            })?;
        }
    }

    /// Removes the versions of results that were replaced, or last looked at, before `before`, and the alerts that were
    /// resolved before it.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; what was removed before stays so.
    pub fn expire_results(&self, before: Time) -> Result<usize, Error> {
        let (mut removed, mut after) = (0, 0);
        loop {
            let page = self.inner.catalog.read(|view| {
                let mut statement = view.prepare_cached(RESULTS)?;
                let found = statement.query_map(params![before.micros(), after, ROWS], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
                Ok(found.collect::<Result<Vec<(i64, i64, bool)>, _>>()?)
            })?;
            let Some((last, known, _)) = page.last().copied() else { break };
            after = last;
            let old: Vec<i64> = page.iter().filter(|(.., is_old)| *is_old).map(|(id, ..)| *id).collect();
            removed += old.len();
            self.inner.writer.call(move |group| {
                let mut delete = group.connection.prepare_cached("DELETE FROM results WHERE id = ?1")?;
                old.iter().try_for_each(|id| delete.execute([id]).map(drop))?;
                Ok(())
            })?;
            // Later versions became known later.
            if known >= before.micros() {
                break;
            }
        }
        for delete in ALERTS {
            let step = move |connection: &Connection| {
                connection.prepare_cached(delete)?.execute(params![before.micros(), ROWS])
            };
            while self.inner.writer.call(move |group| Ok(step(group.connection)?))? > 0 {}
        }
        Ok(removed)
    }
}

impl Storage {
    /// Drops what was noted of changes up to where all present results of a model were read; gives how much that was.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; what was dropped before stays so.
    pub fn prune_changes(&self) -> Result<usize, Error> {
        let mut dropped = 0;
        for (model, settled) in self.inner.catalog.read(changes::settled)? {
            loop {
                // A run that has begun meanwhile reads what has come since, and that was noted later.
                let step =
                    self.inner.writer.call(move |group| changes::prune(group.connection, model, settled, ROWS))?;
                dropped += step;
                if step == 0 {
                    break;
                }
            }
        }
        Ok(dropped)
    }
}

fn removed(connection: &Connection) -> Result<Option<i64>, Error> {
    Ok(connection
        .prepare_cached("SELECT id FROM monitors WHERE removed IS NOT NULL LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}
