//! Alerts: what is wrong with a model by a monitor's rules, from the first breach to its end.

mod change;
mod list;

pub use change::{AlertChange, Docket, Judge, NewAlert, NewEvent};
pub use list::{AlertCount, AlertEvent, AlertFilter};

pub(crate) use change::{judge, judge_all};

use driftline_core::{Name, Time};
use rusqlite::Row;
use uuid::Uuid;

use crate::{catalog, word::words};

/// An alert as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRecord {
    /// Its key.
    pub id: Uuid,
    /// The monitor.
    pub monitor: Name,
    /// The model.
    pub model: Name,
    /// What it is about.
    pub kind: AlertKind,
    /// The slice it is about, as a JSON text; the same slice always has the same text.
    pub slice: String,
    /// The inputs it is about, likewise.
    pub inputs: String,
    /// How far it is.
    pub status: AlertStatus,
    /// How bad it is, such as `warning` or `critical`.
    pub level: String,
    /// When it began.
    pub opened: Time,
    /// When it was last changed.
    pub updated: Time,
    /// When it ended.
    pub resolved: Option<Time>,
    /// When it is to be looked at without a run.
    pub look_at: Option<Time>,
    /// What the rules remember of it, as a JSON text that storage does not look into.
    pub state: String,
}

words! {
    /// What an alert is about.
    AlertKind {
        /// A value beyond a threshold.
        Threshold = "threshold",
        /// A monitor that can't run.
        CannotRun = "cannot_run",
    }
}

words! {
    /// How far an alert is.
    AlertStatus {
        /// There are breaches, not enough of them to tell anyone.
        Pending = "pending",
        /// It was told.
        Open = "open",
        /// Somebody has it.
        Acknowledged = "acknowledged",
        /// It is over.
        Resolved = "resolved",
    }
}

const SELECT: &str = "SELECT a.id, m.name, o.name, a.kind, a.slice, a.inputs, a.status, a.level, a.opened, a.updated,
        a.resolved, a.look_at, a.state, a.monitor, a.model
    FROM alerts a JOIN monitors m ON m.id = a.monitor JOIN models o ON o.id = a.model
    WHERE m.removed IS NULL AND o.deleted IS NULL";

fn alert(row: &Row<'_>) -> rusqlite::Result<AlertRecord> {
    Ok(AlertRecord {
        id: catalog::uuid(row, 0)?,
        monitor: catalog::name(row, 1)?,
        model: catalog::name(row, 2)?,
        kind: catalog::word(row, 3, AlertKind::parse)?,
        slice: row.get(4)?,
        inputs: row.get(5)?,
        status: catalog::word(row, 6, AlertStatus::parse)?,
        level: row.get(7)?,
        opened: catalog::time(row, 8)?,
        updated: catalog::time(row, 9)?,
        resolved: catalog::time_or_null(row, 10)?,
        look_at: catalog::time_or_null(row, 11)?,
        state: row.get(12)?,
    })
}
