//! What a monitor would have told.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::{MonitorDefinition, Verdict};
use crate::wire::{AlertLevel, Instant, ItemName, SliceCell, WindowBounds};

/// A monitor that is tried out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// What it would be.
    pub definition: MonitorDefinition,
    /// Up to when; now unless told.
    pub until: Option<Instant>,
}

/// What a monitor would have told over the last 90 days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Preview {
    /// From when on.
    pub start: Instant,
    /// Up to when.
    pub end: Instant,
    /// One for each model.
    pub models: Vec<PreviewedModel>,
}

/// What a monitor would have told of one model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewedModel {
    /// Whose rows.
    pub model: ItemName,
    /// How many windows there were.
    pub windows: u64,
    /// How many results, and how many of them no threshold says anything of.
    pub results: u64,
    /// Those that no threshold says anything of.
    pub not_judged: u64,
    /// Those that breach.
    pub breaches: u64,
    /// What would have become of alerts, oldest first.
    pub alerts: Vec<PreviewedAlert>,
    /// Why there is nothing, if that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// What would have been told of an alert.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewedAlert {
    /// When.
    pub at: Instant,
    /// `opened`, `escalated`, `deescalated`, `reminded` or `resolved`.
    pub event: &'static str,
    /// How bad it was.
    pub level: AlertLevel,
    /// The grouping expressions and their values.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, SliceCell>)]
    pub slice: Map<String, Json>,
    /// The inputs and what fed them.
    #[schema(value_type = Object)]
    pub inputs: Map<String, Json>,
    /// The window that was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowBounds>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}
