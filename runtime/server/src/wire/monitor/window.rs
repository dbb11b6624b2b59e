//! The time that a run of a monitor measures, and what it compares with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{Instant, ItemName, Length};

/// The time that a run measures: `{"last": "30d"}`, `{"period": "week"}` or `{"since": "deployment"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitorWindow {
    /// So much time, up to when the run is due, less the delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Length>,
    /// The last whole hour, day, week (from Monday) or month, in the time zone of the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodUnit>,
    /// `deployment`: from the first prediction of the deployment that began last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
}

/// A whole hour, day, week or month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first to the first.
    Month,
}

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// The first prediction of the deployment that began last.
    Deployment,
}

/// What a run compares with: `{"start", "end"}`, `{"dataset": "training"}`, `{"previous": true}` or `{"ago": "7d"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitorReference {
    /// From this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// Up to, and without, this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// A dataset of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<ItemName>,
    /// The time as long as the window that ends where the window starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<bool>,
    /// The same time so long before; whole days are days of the time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ago: Option<Length>,
}
