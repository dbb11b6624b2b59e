//! How every watch is doing: what is late, what is due next, what was last.

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::NEVER;
use crate::{Error, RunRecord, Storage, catalog, model::ModelId, monitor::MonitorId, run::last_ended};

/// A monitor watching a model, and how it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchRecord {
    /// The monitor.
    pub monitor: Name,
    /// Whether it is paused.
    pub paused: bool,
    /// The model.
    pub model: Name,
    /// When the monitor began to watch this model.
    pub since: Time,
    /// Instants up to this one are runs, or were passed over.
    pub scheduled_until: Time,
    /// When the schedule is due next, as far as that is known.
    pub next_due: Option<Time>,
    /// What whoever schedules wrote down last: a JSON text.
    pub note: String,
    /// When the run was to start that is due, not started and waits longest.
    pub late_since: Option<Time>,
    /// The run that runs.
    pub running: Option<Uuid>,
    /// The run that ended last.
    pub last: Option<RunRecord>,
    /// How many alerts are open or acknowledged.
    pub open_alerts: u64,
}

/// Which watches to list.
#[derive(Debug, Clone, Default)]
pub struct WatchFilter {
    /// Those of this monitor.
    pub monitor: Option<Name>,
    /// Those of this model.
    pub model: Option<Name>,
    /// Only those with a run that should have started.
    pub late: bool,
}

impl Storage {
    /// Watches by monitor and model, at most `limit`, those after `after`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn watches(
        &self,
        filter: &WatchFilter,
        after: Option<(&Name, &Name)>,
        limit: usize,
    ) -> Result<Vec<WatchRecord>, Error> {
        let now = self.now();
        let (monitor, model) = after.map_or(("", ""), |(monitor, model)| (monitor.as_str(), model.as_str()));
        self.inner.catalog.read(|view| {
            let which = [filter.monitor.as_ref(), filter.model.as_ref()].map(|name| name.map(Name::as_str));
            // Each shape of the query is served by an index of its own.
            let clause = |is_asked, clause: &'static str, unasked| if is_asked { clause } else { unasked };
            let of_monitor = clause(which[0].is_some(), "m.name = ?3", "?3 IS NULL");
            let of_model = clause(which[1].is_some(), OF_MODEL, "?4 IS NULL");
            let late = clause(filter.late, LATE, "TRUE");
            let query = format!("{SELECT} AND {of_monitor} AND {of_model} AND {late} ORDER BY m.name, o.name LIMIT ?6");
            let mut statement = view.prepare_cached(&query)?;
            let found =
                statement.query_map(params![monitor, model, which[0], which[1], now.micros(), limit as i64], watch)?;
            found.map(|found| complete(view, found?)).collect()
        })
    }
}

const SELECT: &str =
    "SELECT w.monitor, w.model, m.name, m.paused, o.name, w.since, w.scheduled_until, w.next_due, w.note,
        (SELECT min(r.not_before) FROM runs r
         WHERE r.monitor = w.monitor AND r.model = w.model AND r.status = 'due' AND r.not_before <= ?5)
    FROM monitors m JOIN watches w ON w.monitor = m.id JOIN models o ON o.id = w.model
    WHERE m.removed IS NULL AND o.deleted IS NULL AND m.name >= ?1 AND (m.name, o.name) > (?1, ?2)";

const OF_MODEL: &str = "w.model = (SELECT id FROM models WHERE name = ?4 AND deleted IS NULL)";

const LATE: &str = "EXISTS (SELECT 1 FROM runs r WHERE r.monitor = w.monitor AND r.model = w.model AND r.status = 'due'
        AND r.not_before <= ?5)";

fn watch(row: &Row<'_>) -> rusqlite::Result<((MonitorId, ModelId), WatchRecord)> {
    let next_due: Option<i64> = row.get(7)?;
    let record = WatchRecord {
        monitor: catalog::name(row, 2)?,
        paused: row.get(3)?,
        model: catalog::name(row, 4)?,
        since: catalog::time(row, 5)?,
        scheduled_until: catalog::time(row, 6)?,
        next_due: next_due
            .filter(|due| *due < NEVER)
            .map(Time::from_micros)
            .transpose()
            .map_err(|error| catalog::odd(7, error))?,
        note: row.get(8)?,
        late_since: catalog::time_or_null(row, 9)?,
        running: None,
        last: None,
        open_alerts: 0,
    };
    Ok(((MonitorId(row.get(0)?), ModelId(row.get(1)?)), record))
}

fn complete(
    view: &Connection,
    ((monitor, model), watch): ((MonitorId, ModelId), WatchRecord),
) -> Result<WatchRecord, Error> {
    let open_alerts = view
        .prepare_cached(
            "SELECT count(*) FROM alerts
             WHERE monitor = ?1 AND model = ?2 AND status <> 'resolved' AND status <> 'pending'",
        )?
        .query_row([monitor.0, model.0], |row| row.get(0))?;
    let running = view
        .prepare_cached("SELECT id FROM runs WHERE monitor = ?1 AND model = ?2 AND status = 'running'")?
        .query_row([monitor.0, model.0], |row| catalog::uuid(row, 0))
        .optional()?;
    Ok(WatchRecord { open_alerts, running, last: last_ended(view, monitor, model)?, ..watch })
}
