//! Runs of monitors: due, under way, ended.

use driftline_storage::{Reason, RunRecord, RunStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::{IntoParams, ToSchema};

use super::MonitorResult;
use crate::wire::{Id, Instant, ItemName, Wait};

/// One run of a monitor for one model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MonitorRun {
    /// Its id, and that of its evaluation.
    pub id: Id,
    /// Which monitor.
    pub monitor: ItemName,
    /// Whose rows.
    pub model: ItemName,
    /// Why it was due.
    pub reason: RunReason,
    /// The instant for which it runs: its window ends then, but for the monitor's delay.
    pub due: Instant,
    /// How far it is.
    pub status: RunState,
    /// Why it failed or was left out: `{"code", "message"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub outcome: Option<Json>,
    /// How often it was begun; more than once when a server stopped meanwhile.
    pub attempts: u32,
    /// When it was begun last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Instant>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Instant>,
    /// What came out; only in the answer to a run now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<MonitorResult>>,
}

/// Why a run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunReason {
    /// The schedule says so.
    Schedule,
    /// Enough rows have come.
    Data,
    /// Enough of the rows have labels.
    Labels,
    /// Somebody asked for it.
    Manual,
    /// It fills in the past.
    Backfill,
    /// Data of earlier results have changed.
    Refresh,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It waits for its turn.
    Due,
    /// It is at work.
    Running,
    /// Its results are there.
    Succeeded,
    /// There are none, or not all: `outcome` says why.
    Failed,
    /// It was left out: `outcome` says why.
    Skipped,
}

/// What to run now.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunNow {
    /// Only for this model, where a pattern fits several.
    pub model: Option<ItemName>,
    /// As if it were due at this instant; now unless told.
    pub due: Option<Instant>,
    /// How long to wait for the end: a duration such as `10s`, or seconds; 30 s unless told.
    #[schema(value_type = Option<String>)]
    pub wait: Option<Wait>,
}

/// Which runs to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunFilter {
    /// Those of this model.
    #[param(value_type = Option<String>)]
    pub model: Option<ItemName>,
    /// `due`, `running`, `succeeded`, `failed` or `skipped`.
    pub status: Option<RunState>,
    /// `schedule`, `data`, `labels`, `manual`, `backfill` or `refresh`.
    pub reason: Option<RunReason>,
    /// At most this many, 1 to 1000; 100 unless told.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl From<Reason> for RunReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Schedule => Self::Schedule,
            Reason::Data => Self::Data,
            Reason::Labels => Self::Labels,
            Reason::Manual => Self::Manual,
            Reason::Backfill => Self::Backfill,
            Reason::Refresh => Self::Refresh,
        }
    }
}

impl From<RunReason> for Reason {
    fn from(reason: RunReason) -> Self {
        match reason {
            RunReason::Schedule => Self::Schedule,
            RunReason::Data => Self::Data,
            RunReason::Labels => Self::Labels,
            RunReason::Manual => Self::Manual,
            RunReason::Backfill => Self::Backfill,
            RunReason::Refresh => Self::Refresh,
        }
    }
}

impl From<RunStatus> for RunState {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Due => Self::Due,
            RunStatus::Running => Self::Running,
            RunStatus::Succeeded => Self::Succeeded,
            RunStatus::Failed => Self::Failed,
            RunStatus::Skipped => Self::Skipped,
        }
    }
}

impl From<RunState> for RunStatus {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Due => Self::Due,
            RunState::Running => Self::Running,
            RunState::Succeeded => Self::Succeeded,
            RunState::Failed => Self::Failed,
            RunState::Skipped => Self::Skipped,
        }
    }
}

impl From<RunRecord> for MonitorRun {
    fn from(record: RunRecord) -> Self {
        let outcome: Option<Json> = serde_json::from_str(&record.outcome).ok();
        Self {
            id: Id(record.id),
            monitor: ItemName(record.monitor),
            model: ItemName(record.model),
            reason: record.reason.into(),
            due: Instant(record.due),
            status: record.status.into(),
            outcome: outcome.filter(|outcome| outcome.as_object().is_some_and(|members| !members.is_empty())),
            attempts: record.attempts,
            started: record.started.map(Instant),
            finished: record.finished.map(Instant),
            results: None,
        }
    }
}

/// The runs that were asked for, one for each model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MonitorRuns {
    /// The runs.
    pub items: Vec<MonitorRun>,
}
