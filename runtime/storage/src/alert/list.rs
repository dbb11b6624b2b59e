//! Alerts as they are listed and counted.

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{AlertKind, AlertRecord, AlertStatus, SELECT, alert};
use crate::{Error, Storage, catalog};

/// Which alerts to list.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// Those that are so far; pending ones only if that is asked here.
    pub status: Option<AlertStatus>,
    /// Those that are open or acknowledged.
    pub unresolved: bool,
    /// Those of this monitor.
    pub monitor: Option<Name>,
    /// Those of this model.
    pub model: Option<Name>,
    /// Those of this level.
    pub level: Option<String>,
    /// Those of this kind.
    pub kind: Option<AlertKind>,
}

/// Something that happened to an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertEvent {
    /// Its place in the order of events.
    pub seq: i64,
    /// When it happened.
    pub at: Time,
    /// What, such as `opened`.
    pub kind: String,
    /// Anything else, as a JSON text.
    pub detail: String,
}

/// How many alerts of a monitor and model are open or acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertCount {
    /// The monitor.
    pub monitor: Name,
    /// The model.
    pub model: Name,
    /// The level.
    pub level: String,
    /// How far they are.
    pub status: AlertStatus,
    /// How many.
    pub count: u64,
}

impl Storage {
    /// The alert with this key.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn alert(&self, id: Uuid) -> Result<Option<AlertRecord>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!("{SELECT} AND a.id = ?1");
            Ok(view.prepare_cached(&query)?.query_row([id.as_bytes()], alert).optional()?)
        })
    }

    /// Alerts, those opened last first, at most `limit`, those before the one with the key `after`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no alert with the key `after`.
    pub fn alerts(&self, filter: &AlertFilter, after: Option<Uuid>, limit: usize) -> Result<Vec<AlertRecord>, Error> {
        self.inner.catalog.read(|view| {
            let (opened, id) = match after {
                Some(id) => (opened(view, id)?, id.into_bytes()),
                None => (i64::MAX, [u8::MAX; 16]),
            };
            let query = format!(
                "{SELECT} AND (a.opened, a.id) < (?1, ?2) AND a.status = coalesce(?3, a.status)
                 AND (?3 IS NOT NULL OR a.status <> 'pending') AND (NOT ?4 OR a.status IN ('open', 'acknowledged'))
                 AND (?5 IS NULL OR m.name = ?5) AND (?6 IS NULL OR o.name = ?6) AND (?7 IS NULL OR a.level = ?7)
                 AND (?8 IS NULL OR a.kind = ?8) ORDER BY a.opened DESC, a.id DESC LIMIT ?9"
            );
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(
                params![
                    opened,
                    id,
                    filter.status.map(AlertStatus::as_str),
                    filter.unresolved,
                    filter.monitor.as_ref().map(Name::as_str),
                    filter.model.as_ref().map(Name::as_str),
                    filter.level,
                    filter.kind.map(AlertKind::as_str),
                    limit as i64
                ],
                alert,
            )?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// What happened to an alert, in order.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn alert_events(&self, id: Uuid) -> Result<Vec<AlertEvent>, Error> {
        self.inner.catalog.read(|view| {
            let mut statement =
                view.prepare_cached("SELECT seq, at, kind, detail FROM alert_events WHERE alert = ?1 ORDER BY seq")?;
            let found = statement.query_map([id.as_bytes()], |row| {
                Ok(AlertEvent { seq: row.get(0)?, at: catalog::time(row, 1)?, kind: row.get(2)?, detail: row.get(3)? })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The alerts that are to be looked at now without a run, the longest waiting first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn alerts_to_look_at(&self, limit: usize) -> Result<Vec<AlertRecord>, Error> {
        let now = self.now();
        self.inner.catalog.read(|view| {
            let query = format!("{SELECT} AND a.look_at IS NOT NULL AND a.look_at <= ?1 ORDER BY a.look_at LIMIT ?2");
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(params![now.micros(), limit as i64], alert)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// How many alerts are open or acknowledged, most first, for at most `limit` pairs, levels and states.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn alert_counts(&self, limit: usize) -> Result<Vec<AlertCount>, Error> {
        self.inner.catalog.read(|view| {
            let mut statement = view.prepare_cached(
                "SELECT m.name, o.name, a.level, a.status, count(*) FROM alerts a INDEXED BY alerts_unresolved
                     JOIN monitors m ON m.id = a.monitor JOIN models o ON o.id = a.model
                 WHERE a.status <> 'resolved' AND a.status <> 'pending' AND m.removed IS NULL AND o.deleted IS NULL
                 GROUP BY a.monitor, a.model, a.level, a.status ORDER BY count(*) DESC, m.name, o.name LIMIT ?1",
            )?;
            let found = statement.query_map([limit as i64], |row| {
                Ok(AlertCount {
                    monitor: catalog::name(row, 0)?,
                    model: catalog::name(row, 1)?,
                    level: row.get(2)?,
                    status: catalog::word(row, 3, AlertStatus::parse)?,
                    count: row.get(4)?,
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

fn opened(view: &Connection, id: Uuid) -> Result<i64, Error> {
    view.prepare_cached("SELECT opened FROM alerts WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::not_found("alert", id))
}
