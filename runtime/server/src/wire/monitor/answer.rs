//! Monitors as they are shown.

use serde::Serialize;
use utoipa::ToSchema;

use super::{LastRun, MonitorDefinition, OpenAlerts, Schedule};
use crate::{
    monitors,
    wire::{FieldChange, Instant, ItemName, Outcome},
};

/// A monitor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Monitor {
    /// Its name.
    pub name: ItemName,
    /// What a PUT made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The fields that a PUT changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// Counts the changes of its definition.
    pub revision: u64,
    /// When it was made.
    pub created: Instant,
    /// When it was changed last.
    pub changed: Instant,
    /// What it is.
    #[serde(flatten)]
    pub definition: MonitorDefinition,
}

/// A monitor as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MonitorSummary {
    /// Its name.
    pub name: ItemName,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The model or models it watches.
    pub model: String,
    /// The plugin it runs.
    pub plugin: String,
    /// When it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Whether it makes no runs by itself for now.
    pub paused: bool,
    /// Counts the changes of its definition.
    pub revision: u64,
    /// The run that ended last, of whichever model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<LastRun>,
    /// How many alerts are not resolved.
    pub open_alerts: OpenAlerts,
}

impl From<monitors::Monitor> for Monitor {
    fn from(monitor: monitors::Monitor) -> Self {
        Self {
            name: ItemName(monitor.name),
            outcome: None,
            changes: Vec::new(),
            revision: monitor.revision,
            created: Instant(monitor.created),
            changed: Instant(monitor.changed),
            definition: monitor.definition,
        }
    }
}
