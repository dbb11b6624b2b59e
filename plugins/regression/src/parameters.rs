//! What a user may choose.

use driftline_sdk::prelude::*;

/// The parameters of `regression`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// What targets of zero do to `mape`: they are left out (skip), divided by 2.2e-16 as in scikit-learn (epsilon), or
    /// leave it undefined.
    #[serde(default)]
    pub(crate) zero_targets: ZeroTargets,
    /// The quantile that `pinball` is the loss of.
    #[serde(default = "half")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(crate) quantile: f64,
    /// Bounds the memory: the errors' order is kept in a sketch of this many numbers a level, and the note of
    /// `median_absolute_error` states how far its rank can be off. Without it the median is exact and the state grows
    /// by 8 bytes a row.
    #[serde(default)]
    #[schemars(range(min = 16, max = 65_536))]
    pub(crate) sketch: Option<u32>,
}

fn half() -> f64 {
    0.5
}

/// What targets of zero do to the mean of relative errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ZeroTargets {
    #[default]
    Skip,
    Epsilon,
    Undefined,
}
