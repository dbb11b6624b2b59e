//! What a user may choose of metrics of [`Scores`](crate::Scores).

use driftline_sdk::{schemars, schemars::JsonSchema};
use serde::{Deserialize, Serialize};

/// What a user may choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct Parameters {
    /// The label of positive rows. Without it, 1 and true are positive, 0 and false negative.
    #[serde(default)]
    pub positive: Option<String>,
    /// Bounds the memory: scores are counted in this many equal bins, and the result is exact up to the error that the
    /// note states. Without it the result is exact.
    #[serde(default)]
    #[schemars(range(min = 2, max = 1_000_000))]
    pub bins: Option<u32>,
    /// The smallest and largest score when `bins` is given; scores outside count in the end bins.
    #[serde(default = "unit_range")]
    pub range: (f64, f64),
}

/// The range of probabilities.
pub fn unit_range() -> (f64, f64) {
    (0.0, 1.0)
}
