//! Silences: for how long nothing is told.

use driftline_storage::SilenceRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::{IntoParams, ToSchema};

use super::{Id, Instant};
use crate::problem::Problem;

/// Which alerts nothing is told of, why, and who says so. What is left out fits all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SilenceRule {
    /// A monitor, or a pattern such as `flights-*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<String>,
    /// A model, or a pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Slices with these values, such as `{"origin": "ATL"}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub slice: Map<String, Json>,
    /// Why.
    pub why: String,
    /// Who says so.
    pub by: String,
}

/// A silence to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SilencePut {
    /// A monitor, or a pattern such as `flights-*`; every one unless told.
    pub monitor: Option<String>,
    /// A model, or a pattern; every one unless told.
    pub model: Option<String>,
    /// Slices with these values, such as `{"origin": "ATL"}`; every one unless told.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub slice: Map<String, Json>,
    /// From when on; now unless told.
    pub from: Option<Instant>,
    /// Until when.
    pub until: Instant,
    /// Why.
    pub why: String,
    /// Who says so.
    pub by: String,
}

/// A silence: alerts are kept and updated while it holds, and nothing is sent but the end of an alert that was told before,
/// for which somebody waits. When it ends, an alert that is still open is told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Silence {
    /// Its id.
    pub id: Id,
    /// From when on.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// When it was made.
    pub created: Instant,
    /// Which alerts, why, and who says so.
    #[serde(flatten)]
    pub rule: SilenceRule,
}

/// Which silences to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SilenceQuery {
    /// Those that hold at this time; all unless told.
    #[param(value_type = Option<String>)]
    pub at: Option<Instant>,
}

impl Silence {
    /// The silence of a record.
    ///
    /// # Errors
    /// 500 when the record can't be read.
    pub fn of(record: SilenceRecord) -> Result<Self, Problem> {
        let unreadable = |error| Problem::internal(format!("silence {} can't be read: {error}", record.id));
        let rule = serde_json::from_str(&record.rule).map_err(unreadable)?;
        let (from, until) = (Instant(record.starts), Instant(record.ends));
        Ok(Self { id: Id(record.id), from, until, created: Instant(record.created), rule })
    }
}
