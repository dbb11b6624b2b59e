//! What came out for one period, slice and set of columns.

use driftline_eval as eval;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::{Chart, Failure, InputColumns, Value};
use crate::wire::Instant;

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowCounts {
    /// Rows of the period and slice that pass the filter.
    pub read: u64,
    /// Rows given to the plugin.
    pub used: u64,
    /// Rows left out because a required input is null.
    pub missing: u64,
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
