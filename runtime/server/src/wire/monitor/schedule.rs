//! When a monitor runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When it runs: `{"cron": "5 * * * *", "time_zone": "Europe/Vienna"}`, `{"on": "data", "rows": 1000}` or
/// `{"on": "labels", "coverage": 0.9}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Minute, hour, day of month, month, day of week; or `@hourly`, `@daily`, `@weekly`, `@monthly`. Besides lists, ranges and
    /// steps: `L` (the last day of the month), `15W` (the working day closest to it), `fri#2` (the second Friday), `friL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// An IANA time zone such as `Europe/Vienna`; UTC unless told. Whole days, weeks and months begin in it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Not at times, but when there is something new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    /// How many new predictions make a run due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The share of the window's predictions that must have labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
}

/// What makes a run due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// New predictions.
    Data,
    /// Enough labels.
    Labels,
}

/// Which of the runs that were due while the server was down are made up for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// The last one.
    #[default]
    Latest,
    /// Every one.
    All,
    /// None.
    None,
}
