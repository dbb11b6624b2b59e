//! Results of monitors: numbers with the verdict on them, and when they were known.

use driftline_storage::ResultRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::{IntoParams, ToSchema};

use crate::{
    monitors::Judged,
    problem::Problem,
    wire::{Id, Instant, ItemName, RowCounts, SliceCell, Value, WindowBounds},
};

/// What a monitor found for one window, slice and set of columns.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MonitorResult {
    /// Whose rows.
    pub model: ItemName,
    /// The window.
    pub window: WindowBounds,
    /// The grouping expressions and their values here.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, SliceCell>)]
    pub slice: Map<String, Json>,
    /// The inputs and what fed them.
    #[schema(value_type = Object)]
    pub inputs: Map<String, Json>,
    /// How many rows there were.
    pub rows: RowCounts,
    /// The plugin's values.
    pub values: Vec<Value>,
    /// What each threshold evaluated to.
    pub verdicts: Vec<Verdict>,
    /// `none`, `warning`, `critical` or `not_judged`.
    pub level: String,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The evaluation that it comes from; that goes sooner than the result, unless it is the last.
    pub evaluation: Id,
    /// `sha256:…` over everything that its evaluation read.
    pub data: String,
    /// Whether its data have changed since: late labels in columns that it read, late predictions, or deletions, in its
    /// window or the one that it is compared with, or another dataset. A run within the monitor's `refresh_for` takes the
    /// mark away, but not from a slice that has no rows any more. It may be there in vain, since time is told in quarters
    /// of hours; it is never missing. What was replaced has none.
    pub stale: bool,
    /// When it was known.
    pub known: Instant,
    /// When the data were last found to be still the same.
    pub checked: Instant,
    /// When later data replaced it; absent while it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded: Option<Instant>,
}

/// What a threshold evaluated to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// The threshold, by its number in the monitor.
    pub threshold: usize,
    /// The output that it is about.
    pub output: String,
    /// What a breach of it means: `warning` or `critical`.
    pub level: String,
    /// The value that was judged; a p-value is corrected.
    pub value: Option<f64>,
    /// A value below it is a breach; of a p-value also one that is as low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// A value above it is a breach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// Whether it is a breach; null when it could not be judged.
    pub breached: Option<bool>,
    /// How the bounds came about, or why it could not be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Which results to read.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResultQuery {
    /// Those of this model.
    #[param(value_type = Option<String>)]
    pub model: Option<ItemName>,
    /// Windows that end after this time.
    #[param(value_type = Option<String>)]
    pub start: Option<Instant>,
    /// Windows that start before this time.
    #[param(value_type = Option<String>)]
    pub end: Option<Instant>,
    /// Those of this slice, as a JSON object such as `{"origin": "ATL"}`.
    pub slice: Option<String>,
    /// As they were known at this time.
    #[param(value_type = Option<String>)]
    pub known_at: Option<Instant>,
    /// Also those that later data replaced.
    #[serde(default)]
    pub history: bool,
    /// At most this many, 1 to 1000; 100 unless told.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl MonitorResult {
    /// The result of a record, with its mark.
    ///
    /// # Errors
    /// 500 when the record can't be read.
    pub fn of(record: ResultRecord, stale: bool) -> Result<Self, Problem> {
        let unreadable =
            |error| Problem::internal(format!("a result of monitor {} can't be read: {error}", record.monitor));
        let judged: Judged = serde_json::from_str(&record.found.detail).map_err(unreadable)?;
        let object = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Ok(Self {
            window: record.found.window.into(),
            slice: object(&record.found.slice),
            inputs: object(&record.found.inputs),
            rows: judged.rows,
            values: judged.values,
            verdicts: judged.verdicts,
            note: judged.note,
            level: record.found.level,
            evaluation: Id(record.found.evaluation),
            data: record.found.digest,
            stale,
            known: Instant(record.known),
            checked: Instant(record.checked),
            superseded: record.superseded.map(Instant),
            model: ItemName(record.model),
        })
    }
}
