//! How monitors stand.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{RunReason, RunState};
use crate::wire::{Instant, ItemName};

/// How monitors stand: counts, and one entry for each monitor and model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MonitorsStatus {
    /// Counts over all of them.
    pub counts: StatusCounts,
    /// One for each monitor and model, late ones included.
    pub items: Vec<WatchStatus>,
    /// Pass it as `cursor` to get the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Counts over all monitors.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct StatusCounts {
    /// Monitors.
    pub monitors: u64,
    /// Those that are paused.
    pub paused: u64,
    /// Pairs of a monitor and a model that it watches.
    pub watches: u64,
    /// Those whose run is at work.
    pub running: u64,
    /// Those whose run is due and has not begun.
    pub late: u64,
    /// Those whose last run failed.
    pub failing: u64,
    /// Alerts that are not resolved.
    pub open_alerts: u64,
}

/// How a monitor stands for one model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WatchStatus {
    /// Which monitor.
    pub monitor: ItemName,
    /// Which model.
    pub model: ItemName,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether a run is at work.
    pub running: bool,
    /// When it is due next; absent when it waits for data or labels, or is run by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due: Option<Instant>,
    /// The run that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<LastRun>,
    /// Why a run that is due has not begun; absent when none is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<Lateness>,
    /// How many alerts are not resolved.
    pub open_alerts: OpenAlerts,
}

/// The run that ended last.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastRun {
    /// The instant for which it ran.
    pub due: Instant,
    /// Why it was due.
    pub reason: RunReason,
    /// How it ended.
    pub status: RunState,
    /// When it ended.
    pub finished: Option<Instant>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A run that should have begun.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Lateness {
    /// When it should have begun.
    pub since: Instant,
    /// By how many seconds it is late.
    pub seconds: i64,
    /// Why.
    pub why: String,
}

/// How many alerts are not resolved.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct OpenAlerts {
    /// Of level warning.
    pub warning: u64,
    /// Of level critical.
    pub critical: u64,
}

/// Whose status to show.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatusQuery {
    /// Only this monitor's.
    #[param(value_type = Option<String>)]
    pub monitor: Option<ItemName>,
    /// Only those of this model.
    #[param(value_type = Option<String>)]
    pub model: Option<ItemName>,
    /// At most this many, 1 to 1000; 100 unless told.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}
