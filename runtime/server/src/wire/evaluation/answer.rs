//! What an evaluation answers.

use driftline_eval as eval;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::{Drift, InputColumns};
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

/// The result for one period, slice and set of columns.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WindowResult {
    /// The period.
    pub window: WindowBounds,
    /// The grouping expressions and their values here.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, SliceCell>)]
    pub slice: Map<String, Json>,
    /// The inputs and what fed them.
    #[schema(value_type = std::collections::HashMap<String, InputColumns>)]
    pub inputs: Map<String, Json>,
    /// How many rows there were.
    pub rows: RowCounts,
    /// The plugin's values.
    pub values: Vec<Value>,
    /// The plugin's charts.
    pub charts: Vec<Chart>,
    /// How the plugin failed here, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Where the period or the reference reaches into time whose rows are gone: what stood in for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_up: Option<RolledUp>,
}

/// A column of the model that `*` does not stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// The input that `*` is bound to.
    pub input: String,
    /// The column.
    pub column: String,
    /// Why it is left out.
    pub reason: String,
}

/// What stood in for rows that are gone: kept summaries of whole hours, days or months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RolledUp {
    /// Rows before this are gone.
    pub until: Instant,
    /// The coarsest summaries there are for this time: `hour`, `day` or `month`; null without any.
    pub grain: Option<String>,
    /// Whether summaries stand for every row that is gone. If not, the values are undefined.
    pub complete: bool,
    /// Why it is not complete, or a remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The value of a grouping expression: text, a number, a boolean or null.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SliceCell {
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
}

/// A half-open range of prediction time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowBounds {
    /// The first instant inside.
    pub start: Instant,
    /// The first instant after.
    pub end: Instant,
}

/// Row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowCounts {
    /// Rows of the period and slice that pass the filter.
    pub read: u64,
    /// Rows given to the plugin.
    pub used: u64,
    /// Rows left out because a required input is null.
    pub missing: u64,
}

/// One reported number, or that there is none and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Value {
    /// One of the plugin's declared outputs.
    pub name: String,
    /// The number; null when it is undefined.
    pub value: Option<f64>,
    /// Its standard error, where the metric knows it.
    pub standard_error: Option<f64>,
    /// Why it is undefined, or a remark.
    pub note: Option<String>,
}

/// A picture: one or more series over shared axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Chart {
    /// What it shows.
    pub name: String,
    /// The meaning of `x`.
    pub x_label: String,
    /// The meaning of `y`.
    pub y_label: String,
    /// `line`, `bars` or `heatmap`.
    pub kind: String,
    /// The names of x = 0, 1, 2, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The data.
    pub series: Vec<Series>,
}

/// One line, set of bars or heatmap row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Positions.
    #[schema(value_type = Vec<f64>)]
    pub x: Vec<Option<f64>>,
    /// Heights; null where there is none.
    pub y: Vec<Option<f64>>,
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

impl From<driftline_core::Window> for WindowBounds {
    fn from(window: driftline_core::Window) -> Self {
        Self { start: Instant(window.start()), end: Instant(window.end()) }
    }
}

impl From<eval::WindowResult> for WindowResult {
    fn from(result: eval::WindowResult) -> Self {
        Self {
            window: result.window.into(),
            slice: slice(result.slice),
            inputs: inputs(result.inputs),
            rows: RowCounts { read: result.rows.read, used: result.rows.used, missing: result.rows.missing },
            values: result.values.into_iter().map(Value::from).collect(),
            charts: result.charts.into_iter().map(Chart::from).collect(),
            failure: result.failure.map(Failure::from),
            rolled_up: result.rolled_up.map(RolledUp::from),
        }
    }
}

impl From<eval::RolledUp> for RolledUp {
    fn from(rolled_up: eval::RolledUp) -> Self {
        Self {
            until: Instant(rolled_up.until),
            grain: rolled_up.grain.map(|grain| grain.to_string()),
            complete: rolled_up.complete,
            note: rolled_up.note,
        }
    }
}

impl From<eval::LeftOut> for LeftOut {
    fn from(left_out: eval::LeftOut) -> Self {
        let eval::LeftOut { input, column, reason } = left_out;
        Self { input, column, reason }
    }
}

/// Inputs and what fed them, as JSON.
pub(super) fn inputs(inputs: Vec<(String, Vec<String>)>) -> Map<String, Json> {
    let columns = |columns: Vec<String>| serde_json::to_value(InputColumns::from(columns)).unwrap_or_default();
    inputs.into_iter().map(|(name, names)| (name, columns(names))).collect()
}

/// Grouping expressions and their values, as JSON.
pub(super) fn slice(slice: Vec<(String, eval::SliceValue)>) -> Map<String, Json> {
    slice.into_iter().map(|(name, cell)| (name, slice_cell(cell))).collect()
}

fn slice_cell(cell: eval::SliceValue) -> Json {
    match cell {
        eval::SliceValue::Null => Json::Null,
        eval::SliceValue::Boolean(value) => value.into(),
        eval::SliceValue::Integer(value) => value.into(),
        eval::SliceValue::Float(value) => value.into(),
        eval::SliceValue::Text(value) => value.into(),
    }
}

impl From<driftline_core::Value> for Value {
    fn from(value: driftline_core::Value) -> Self {
        Self { name: value.name, value: value.number, standard_error: value.standard_error, note: value.note }
    }
}

impl From<driftline_core::Chart> for Chart {
    fn from(chart: driftline_core::Chart) -> Self {
        let finite = |numbers: Vec<f64>| numbers.into_iter().map(|x| x.is_finite().then_some(x)).collect();
        let series = |s: driftline_core::Series| Series { name: s.name, x: finite(s.x), y: finite(s.y) };
        Self {
            name: chart.name,
            x_label: chart.x_label,
            y_label: chart.y_label,
            kind: chart.kind,
            categories: chart.categories,
            series: chart.series.into_iter().map(series).collect(),
        }
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
        Self { total_ms: timing.total_ms, rows_per_second: timing.rows_per_second }
    }
}
