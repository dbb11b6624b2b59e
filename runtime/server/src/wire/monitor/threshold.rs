//! What is bad.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{AlertLevel, Correction};

/// What is bad: one of `constant`, `sigma`, `change` and `p_value`. A value or bound that is undefined opens no alert and
/// resolves none: what the threshold said last holds on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The output that it is about; the plugin's first unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What a breach means.
    #[serde(default = "critical")]
    pub level: AlertLevel,
    /// Fixed bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<Constant>,
    /// Bounds around the mean of the reference's own periods, each as long as the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<Sigma>,
    /// Bounds around another value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// For p-values: a test over all columns and slices of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<PValue>,
    /// How many windows in a row must breach before it is told; 1 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive: Option<u32>,
    /// It is a breach only if it still is one after taking off so many standard errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling_error: Option<f64>,
}

fn critical() -> AlertLevel {
    AlertLevel::Critical
}

/// Fixed bounds; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// Less is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// More is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
}

/// The mean plus and minus `k` standard deviations (of the population) over the reference cut into periods as long as
/// the window; bounds outside the output's range do not count. NannyML's rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sigma {
    /// How many standard deviations.
    pub k: f64,
}

/// A change against another value: `relative` (a share of its size) or `absolute`. A relative change from 0 is undefined,
/// unless the value is 0 too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The reference's own value, or that of the window before.
    pub from: ChangeFrom,
    /// As a share of its size: 0.1 is ten per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative: Option<f64>,
    /// In the output's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<f64>,
    /// Which way is bad.
    #[serde(default)]
    pub direction: ChangeDirection,
}

/// What a change is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeFrom {
    /// The value over the reference.
    Reference,
    /// The value of the last window that ended before.
    Previous,
}

/// Which way is bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeDirection {
    /// More.
    Up,
    /// Less.
    Down,
    /// Both.
    #[default]
    Both,
}

/// A p-value of at most `alpha`, corrected for the number of columns and slices tested in the run, is bad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PValue {
    /// The level of significance.
    pub alpha: f64,
    /// How it is corrected; not at all unless told.
    #[serde(default = "uncorrected")]
    pub correction: Correction,
}

fn uncorrected() -> Correction {
    Correction::None
}
