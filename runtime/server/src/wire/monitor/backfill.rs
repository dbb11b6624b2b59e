//! Filling in the past.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MonitorRun;
use crate::wire::{Id, Instant, ItemName, Progress};

/// Which past to fill in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackfillRequest {
    /// Windows that start at this time or later.
    pub start: Instant,
    /// Windows that end at this time or before.
    pub end: Instant,
    /// Only for this model, where a pattern fits several.
    pub model: Option<ItemName>,
}

/// How far the filling in is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Backfill {
    /// Its id.
    pub id: Id,
    /// `due`, `running`, `succeeded` or `failed`.
    pub status: super::RunState,
    /// How many windows it fills in for each model.
    pub windows: u64,
    /// How far the evaluations under way have come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// One run for each model.
    pub runs: Vec<MonitorRun>,
}
