//! SQL in, a table out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Length;

/// A statement that reads.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    /// One SELECT, WITH, VALUES or EXPLAIN.
    #[schema(examples("SELECT deployment, count(*) FROM flights GROUP BY deployment"))]
    pub sql: String,
    /// At most this many rows, 1 to 1,000,000; 10,000 unless told.
    pub limit: Option<usize>,
    /// How long it may take; 30s unless told.
    pub timeout: Option<Length>,
}

/// The table that answers a statement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SqlAnswer {
    /// Its columns in their order.
    pub columns: Vec<SqlColumn>,
    /// Its rows as objects; times are RFC 3339, ids are text.
    #[schema(value_type = Vec<Object>)]
    pub rows: Vec<serde_json::Value>,
    /// Whether there were more rows than the limit.
    pub truncated: bool,
}

/// A column of an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SqlColumn {
    /// Its name; of columns with the same name the later ones get a number.
    pub name: String,
    /// A word as in a model's schema, or the query engine's name of the type.
    #[serde(rename = "type")]
    pub column_type: String,
}
