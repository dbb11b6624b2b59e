//! Two evaluations side by side.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::{IntoParams, ToSchema};

use super::{EvaluationRequest, EvaluationStatus, Failure, Id, InputColumns, SliceCell, UsedPlugin, WindowBounds};

/// Two plugins to run over the same rows.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonRequest {
    /// What to evaluate, with the one plugin. Nothing of it is recorded.
    pub evaluation: EvaluationRequest,
    /// The other plugin: `name`, `name@version`, `name@alias` or `sha256:…`.
    #[schema(examples("roc-auc@1.1.0"))]
    pub with: String,
    /// Numbers that differ by at most this share of the larger one are equal; 0 unless told.
    #[serde(default)]
    pub tolerance: f64,
}

/// How closely two evaluations are compared.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ComparisonQuery {
    /// Numbers that differ by at most this share of the larger one are equal; 0 unless told.
    #[serde(default)]
    #[param(value_type = Option<f64>)]
    pub tolerance: f64,
}

/// What differs between two evaluations.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// Whether there are differences, once both have ended.
    pub status: ComparisonStatus,
    /// The one.
    pub base: Compared,
    /// The other.
    pub other: Compared,
    /// Whether both read the same rows; absent until both have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_data: Option<bool>,
    /// How many results (period, slice and columns) both have.
    pub results: u64,
    /// How many values both have.
    pub values: u64,
    /// Every difference, in the order of results.
    pub differences: Vec<Difference>,
}

/// How far a comparison is, and how it came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonStatus {
    /// At least one has not ended.
    Running,
    /// Nothing differs.
    Equal,
    /// Something differs.
    Different,
    /// At least one was cancelled or cut off, or could not be computed at all.
    Incomplete,
}

/// One of two evaluations.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Compared {
    /// The evaluation.
    pub evaluation: Id,
    /// Its plugin.
    pub plugin: UsedPlugin,
    /// How far it is.
    pub status: EvaluationStatus,
    /// Its first failure, if there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The period.
    pub window: WindowBounds,
    /// The grouping expressions and their values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, SliceCell>)]
    pub slice: Map<String, Json>,
    /// The inputs and what fed them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, InputColumns>)]
    pub inputs: Map<String, Json>,
    /// What kind of thing differs.
    pub kind: DifferenceKind,
    /// Which value, count or chart.
    pub name: String,
    /// The number in the one; null when it is undefined or there is none.
    pub base: Option<f64>,
    /// The number in the other.
    pub other: Option<f64>,
    /// The other less the one, where both are numbers.
    pub absolute: Option<f64>,
    /// The same as a share of the one.
    pub relative: Option<f64>,
    /// More in words: notes, failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How a chart differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<ChartDifference>,
}

/// What kind of thing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// A number.
    Value,
    /// One has a number, the other none.
    Undefined,
    /// The standard error of a number.
    StandardError,
    /// The note at a number.
    Note,
    /// Only the one has it.
    OnlyInBase,
    /// Only the other has it.
    OnlyInOther,
    /// A count of rows.
    Rows,
    /// How the plugin failed.
    Failure,
    /// A chart.
    Chart,
}

impl DifferenceKind {
    /// The word of the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Undefined => "undefined",
            Self::StandardError => "standard_error",
            Self::Note => "note",
            Self::OnlyInBase => "only_in_base",
            Self::OnlyInOther => "only_in_other",
            Self::Rows => "rows",
            Self::Failure => "failure",
            Self::Chart => "chart",
        }
    }
}

/// How a chart differs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChartDifference {
    /// How many points differ.
    pub points: u64,
    /// Of how many, in the larger of both.
    pub of: u64,
    /// The largest distance of two heights at the same place.
    pub largest: Option<f64>,
}
