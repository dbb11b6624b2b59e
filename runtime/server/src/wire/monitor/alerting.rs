//! Whom a monitor tells, and how often.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{ItemName, Length};

/// Whom to tell, and how often.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRules {
    /// The channels that are told; without any, alerts are only kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ItemName>,
    /// An alert that opens again so soon after it was resolved, or that goes down from critical to warning so soon after
    /// it was told, is not told at once, but when this time is over, if it still holds. What gets worse than was told is
    /// told at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Length>,
    /// Whether what a run finds is told in one notice for each kind of change; `monitor` unless told.
    #[serde(default)]
    pub group: Grouping,
    /// An open alert that nobody has acknowledged is told again after so much time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<Length>,
    /// How bad it is when the monitor can't run; `warning` unless told.
    #[serde(default)]
    pub cannot_run: CannotRun,
}

/// How many alerts a notice tells of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// All that the same run of the monitor changed in the same way.
    #[default]
    Monitor,
    /// All of the model that changed in the same way within five minutes, of all monitors that say `model`: the first
    /// waits so long for the others.
    Model,
    /// One.
    None,
}

/// How bad it is when a monitor can't run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CannotRun {
    /// A warning.
    #[default]
    Warning,
    /// Critical.
    Critical,
    /// Nobody is told, and there is no alert.
    Off,
}
