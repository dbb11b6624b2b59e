//! Aggregates: named numbers of a window.

use super::{Id, Instant};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// Numbers that a user attaches to a window.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// The window's start.
    pub start: Instant,
    /// The window's end, itself outside.
    pub end: Instant,
    /// Names and numbers; null says that the number is undefined.
    #[schema(value_type = std::collections::HashMap<String, Option<f64>>)]
    pub metrics: Map<String, Value>,
}

/// How many numbers were kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AggregatesAccepted {
    /// One for each name.
    pub accepted: usize,
}

/// One number of a window.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AggregateRow {
    /// The window's start.
    pub start: Instant,
    /// The window's end, itself outside.
    pub end: Instant,
    /// The number's name.
    pub name: String,
    /// The number; null when it is undefined.
    pub value: Option<f64>,
    /// The slice it is about; `{}` for all rows.
    #[schema(value_type = Object)]
    pub slice: Value,
    /// `user` or `evaluation`.
    pub source: &'static str,
    /// The evaluation that produced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Id>,
    /// What else is known of it, such as plugin, inputs and row counts.
    #[schema(value_type = Object)]
    pub labels: Value,
    /// When it was made.
    pub created: Instant,
}

/// Which aggregates to read.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AggregateQuery {
    /// Windows that end after this time.
    #[param(value_type = Option<String>)]
    pub start: Option<Instant>,
    /// Windows that start before this time.
    #[param(value_type = Option<String>)]
    pub end: Option<Instant>,
    /// Only numbers of this name.
    pub name: Option<String>,
    /// Only what this evaluation produced.
    #[param(value_type = Option<String>)]
    pub evaluation: Option<Id>,
    /// At most this many, 1 to 1000; 100 unless told.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl From<driftline_storage::Aggregate> for AggregateRow {
    fn from(aggregate: driftline_storage::Aggregate) -> Self {
        let object = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::Object(Map::new()));
        Self {
            start: Instant(aggregate.window.start()),
            end: Instant(aggregate.window.end()),
            slice: object(&aggregate.slice),
            labels: object(&aggregate.labels),
            source: aggregate.source.as_str(),
            name: aggregate.name,
            value: aggregate.value,
            evaluation: aggregate.evaluation.map(Id),
            created: Instant(aggregate.created),
        }
    }
}
