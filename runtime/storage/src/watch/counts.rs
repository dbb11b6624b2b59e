//! How all watches are doing, in numbers.

use rusqlite::Row;

use crate::{Error, Storage};

/// Counts over all monitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WatchCounts {
    /// Monitors.
    pub monitors: u64,
    /// Those that are paused.
    pub paused: u64,
    /// Pairs of a monitor and a model that it watches.
    pub watches: u64,
    /// Those with a run at work.
    pub running: u64,
    /// Those with a run that should have started.
    pub late: u64,
    /// Those whose run that was due last, of those that ended, failed.
    pub failing: u64,
    /// Alerts that are open or acknowledged.
    pub open_alerts: u64,
}

impl Storage {
    /// Counts over all monitors.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn watch_counts(&self) -> Result<WatchCounts, Error> {
        let now = self.now();
        self.inner.catalog.read(|view| Ok(view.prepare_cached(COUNTS)?.query_row([now.micros()], counts)?))
    }
}

const COUNTS: &str = "WITH pairs AS MATERIALIZED (
        SELECT w.monitor, w.model FROM watches w JOIN monitors m ON m.id = w.monitor JOIN models o ON o.id = w.model
        WHERE m.removed IS NULL AND o.deleted IS NULL)
    SELECT (SELECT count(*) FROM monitors WHERE removed IS NULL),
        (SELECT count(*) FROM monitors WHERE removed IS NULL AND paused = 1),
        (SELECT count(*) FROM pairs),
        (SELECT count(*) FROM (
            SELECT DISTINCT monitor, model FROM runs INDEXED BY runs_running WHERE status = 'running'
            INTERSECT SELECT monitor, model FROM pairs)),
        (SELECT count(*) FROM (
            SELECT DISTINCT monitor, model FROM runs INDEXED BY runs_due WHERE status = 'due' AND not_before <= ?1
            INTERSECT SELECT monitor, model FROM pairs)),
        (SELECT count(*) FROM pairs p WHERE 'failed' = (
            SELECT r.status FROM runs r
            WHERE r.monitor = p.monitor AND r.model = p.model AND r.status IN ('succeeded', 'failed')
            ORDER BY r.due DESC, r.id DESC LIMIT 1)),
        (SELECT count(*) FROM alerts a INDEXED BY alerts_unresolved
            JOIN monitors m ON m.id = a.monitor JOIN models o ON o.id = a.model
            WHERE a.status <> 'resolved' AND a.status <> 'pending' AND m.removed IS NULL AND o.deleted IS NULL)";

fn counts(row: &Row<'_>) -> rusqlite::Result<WatchCounts> {
    Ok(WatchCounts {
        monitors: row.get(0)?,
        paused: row.get(1)?,
        watches: row.get(2)?,
        running: row.get(3)?,
        late: row.get(4)?,
        failing: row.get(5)?,
        open_alerts: row.get(6)?,
    })
}
