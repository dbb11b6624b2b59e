//! What an evaluation answers.

use driftline_eval as eval;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::{Drift, LeftOut, WindowResult};
use crate::wire::{Id, Instant, ItemName};

/// How far an evaluation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationStatus {
    /// It waits for its turn.
    Queued,
    /// It is at work.
    Running,
    /// Every result is there.
    Succeeded,
    /// The plugin failed in at least one result, or the rows could not be read.
    Failed,
    /// Someone cancelled it.
    Cancelled,
    /// The server stopped before it was done: ask again.
    Interrupted,
}

impl EvaluationStatus {
    /// The word of the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

/// One run of a plugin over windows of a model's rows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Evaluation {
    /// Its id.
    pub id: Id,
    /// How far it is.
    pub status: EvaluationStatus,
    /// Whose rows.
    pub model: ItemName,
    /// Which plugin.
    pub plugin: UsedPlugin,
    /// When it was asked for.
    pub created: Instant,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Instant>,
    /// How far it has come, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// One for each period, slice and set of columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<WindowResult>>,
    /// How many columns have drifted, for each period and slice; where that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// The columns that `*` could have meant and does not, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The first failure, if there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What the numbers were computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// What the plugin wrote to its log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// What was asked; only when an evaluation is looked at later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub request: Option<Json>,
}

/// An evaluation as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EvaluationSummary {
    /// Its id.
    pub id: Id,
    /// How far it is.
    pub status: EvaluationStatus,
    /// Whose rows.
    pub model: ItemName,
    /// `name@version`.
    pub plugin: String,
    /// When it was asked for.
    pub created: Instant,
    /// When it ended.
    pub finished: Option<Instant>,
}

/// The plugin that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsedPlugin {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `sha256:…` of its bytes.
    pub digest: String,
}

/// How far a running evaluation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// Units of work in all, once known; otherwise 0.
    pub units: u64,
    /// Units of work done.
    pub units_done: u64,
    /// Rows read.
    pub rows: u64,
}

/// How a plugin failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The stable code, such as `plugin_trap`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What the plugin wrote to its log before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// What the numbers were computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lineage {
    /// How many segments were read.
    pub segments: u64,
    /// How many rows were not in a segment yet.
    pub unsealed_rows: u64,
    /// `sha256:…` over everything that was read.
    pub data: String,
    /// The parameters, defaults filled in.
    #[schema(value_type = Object)]
    pub parameters: Json,
    /// The versions of the runtime.
    pub runtime: String,
}

/// How long it took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Timing {
    /// Milliseconds.
    pub total_ms: f64,
    /// Rows read by that time.
    pub rows_per_second: f64,
    /// How much was computed, and how much was known from before.
    #[serde(default)]
    pub units: Units,
}

/// Units of work: each is a set of columns over a stretch of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = EvaluatedUnits)]
pub struct Units {
    /// Those whose rows were read.
    pub computed: u64,
    /// Those whose states or reports were kept.
    pub cached: u64,
}

impl From<&eval::PluginId> for UsedPlugin {
    fn from(plugin: &eval::PluginId) -> Self {
        Self { name: plugin.name.to_string(), version: plugin.version.clone(), digest: plugin.digest.to_string() }
    }
}

impl From<&eval::Progress> for Progress {
    fn from(progress: &eval::Progress) -> Self {
        Self { units: progress.units(), units_done: progress.units_done(), rows: progress.rows() }
    }
}

impl From<driftline_core::Failure> for Failure {
    fn from(failure: driftline_core::Failure) -> Self {
        Self { code: failure.code.as_str().into(), message: failure.message, log: failure.log }
    }
}

impl From<eval::Lineage> for Lineage {
    fn from(lineage: eval::Lineage) -> Self {
        Self {
            segments: lineage.segments as u64,
            unsealed_rows: lineage.unsealed_rows,
            data: lineage.data.to_string(),
            parameters: serde_json::from_str(&lineage.parameters).unwrap_or_default(),
            runtime: lineage.runtime,
        }
    }
}

impl From<eval::Timing> for Timing {
    fn from(timing: eval::Timing) -> Self {
        Self {
            total_ms: timing.total_ms,
            rows_per_second: timing.rows_per_second,
            units: Units { computed: timing.units.computed, cached: timing.units.cached },
        }
    }
}
