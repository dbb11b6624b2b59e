//! Rows in and rows out.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Id, Instant};

/// What became of rows that were sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// How many rows are durable now.
    pub accepted: usize,
    /// How many of them were there already, under the same ids; left out when none was.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub duplicates: usize,
    /// Their ids in the order of the rows; left out above 10,000 rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<Id>>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Which predictions to read.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PredictionQuery {
    /// From this time on.
    #[param(value_type = Option<String>)]
    pub start: Option<Instant>,
    /// Up to, and without, this time.
    #[param(value_type = Option<String>)]
    pub end: Option<Instant>,
    /// Column names, separated by commas; all unless told. `id` and `time` always come.
    pub columns: Option<String>,
    /// An SQL condition such as `distance > 500`.
    #[serde(rename = "where")]
    #[param(rename = "where")]
    pub filter: Option<String>,
    /// At most this many rows. JSON: 1 to 10000, 100 unless told. The other formats: all rows unless told.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before (`x-next-cursor` in the other formats).
    pub cursor: Option<String>,
}

/// A page of predictions, ordered by time and id.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PredictionPage {
    /// Rows `{"id", "time", "end_time"?, "deployment"?, "metrics": {…}}`, delayed metrics joined in.
    pub items: Vec<serde_json::Value>,
    /// Pass it as `cursor` to get the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
