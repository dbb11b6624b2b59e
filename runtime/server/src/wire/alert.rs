//! Alerts: what is wrong, since when, and who looks after it.

use driftline_storage::{AlertEvent, AlertKind as StoredKind, AlertRecord, AlertStatus as StoredStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::{IntoParams, ToSchema};

use super::{Id, Instant, ItemName, SliceCell, WindowBounds};
use crate::{monitors::AlertState, problem::Problem};

/// What is wrong with one slice of a model, by one monitor.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Alert {
    /// Its id.
    pub id: Id,
    /// Which monitor.
    pub monitor: ItemName,
    /// Which model.
    pub model: ItemName,
    /// `threshold`: a value is where it should not be; `cannot_run`: the monitor has no values.
    pub kind: AlertKind,
    /// The grouping expressions and their values.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, SliceCell>)]
    pub slice: Map<String, Json>,
    /// The inputs and what fed them.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub inputs: Map<String, Json>,
    /// How it stands.
    pub status: AlertStatus,
    /// `warning` or `critical`.
    pub level: String,
    /// Why the monitor can't run, such as `no_data` or `labels_missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong, in a line.
    pub title: String,
    /// What was found and where the bound lies.
    pub detail: String,
    /// The output whose value is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Its value when it was judged last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The window that was judged last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowBounds>,
    /// The evaluation that was judged last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Id>,
    /// How many windows in a row have breached.
    pub breaches: u64,
    /// When it was opened.
    pub opened: Instant,
    /// When something of it was changed last.
    pub updated: Instant,
    /// When it was resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Instant>,
    /// What became of it, oldest first; only when one alert is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<AlertEventShown>>,
}

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A value is where it should not be.
    Threshold,
    /// The monitor has no values.
    CannotRun,
}

/// How an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// It breaches, but not as often in a row as it must before it is told.
    Pending,
    /// Nobody looks after it yet.
    Open,
    /// Somebody looks after it.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// What became of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlertEventShown {
    /// When.
    pub at: Instant,
    /// `opened`, `updated`, `escalated`, `deescalated`, `reminded`, `silenced`, `acknowledged` or `resolved`.
    pub event: String,
    /// More about it: level, value, who, why.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub detail: Map<String, Json>,
}

/// Which alerts to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertFilter {
    /// `open`, `acknowledged` or `resolved`; those that are not resolved unless told. `pending` are those that breach, but
    /// not as often in a row as they must before they are told.
    pub status: Option<AlertStatus>,
    /// Those of this monitor.
    #[param(value_type = Option<String>)]
    pub monitor: Option<ItemName>,
    /// Those of this model.
    #[param(value_type = Option<String>)]
    pub model: Option<ItemName>,
    /// `warning` or `critical`.
    pub level: Option<AlertLevel>,
    /// `threshold` or `cannot_run`.
    pub kind: Option<AlertKind>,
    /// At most this many, 1 to 1000; 100 unless told.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// How bad it is; the worse, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// Somebody should look at it.
    Warning,
    /// Somebody should look at it now.
    Critical,
}

/// Who does something about an alert.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertHand {
    /// Who.
    pub by: String,
    /// What for.
    pub note: Option<String>,
}

impl From<StoredStatus> for AlertStatus {
    fn from(status: StoredStatus) -> Self {
        match status {
            StoredStatus::Pending => Self::Pending,
            StoredStatus::Open => Self::Open,
            StoredStatus::Acknowledged => Self::Acknowledged,
            StoredStatus::Resolved => Self::Resolved,
        }
    }
}

impl From<AlertFilter> for driftline_storage::AlertFilter {
    fn from(filter: AlertFilter) -> Self {
        let status = filter.status.map(|status| match status {
            AlertStatus::Pending => StoredStatus::Pending,
            AlertStatus::Open => StoredStatus::Open,
            AlertStatus::Acknowledged => StoredStatus::Acknowledged,
            AlertStatus::Resolved => StoredStatus::Resolved,
        });
        let kind = filter.kind.map(|kind| match kind {
            AlertKind::Threshold => StoredKind::Threshold,
            AlertKind::CannotRun => StoredKind::CannotRun,
        });
        let level = filter.level.map(|level| match level {
            AlertLevel::Warning => "warning".to_owned(),
            AlertLevel::Critical => "critical".to_owned(),
        });
        Self {
            unresolved: status.is_none(),
            status,
            monitor: filter.monitor.map(|name| name.0),
            model: filter.model.map(|name| name.0),
            level,
            kind,
        }
    }
}

impl Alert {
    /// The alert of a record.
    ///
    /// # Errors
    /// 500 when the record can't be read.
    pub fn of(record: AlertRecord) -> Result<Self, Problem> {
        let state = AlertState::read(&record)?;
        let object = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Ok(Self {
            id: Id(record.id),
            kind: match record.kind {
                StoredKind::Threshold => AlertKind::Threshold,
                StoredKind::CannotRun => AlertKind::CannotRun,
            },
            slice: object(&record.slice),
            inputs: object(&record.inputs),
            status: record.status.into(),
            level: record.level,
            code: state.last.code,
            title: state.last.title,
            detail: state.last.detail,
            metric: state.last.metric,
            value: state.last.value,
            window: state.last.window,
            evaluation: state.last.evaluation,
            breaches: state.last.breaches,
            opened: Instant(record.opened),
            updated: Instant(record.updated),
            resolved: record.resolved.map(Instant),
            monitor: ItemName(record.monitor),
            model: ItemName(record.model),
            events: None,
        })
    }
}

impl From<AlertEvent> for AlertEventShown {
    fn from(event: AlertEvent) -> Self {
        let detail = serde_json::from_str(&event.detail).unwrap_or_default();
        Self { at: Instant(event.at), event: event.kind, detail }
    }
}
