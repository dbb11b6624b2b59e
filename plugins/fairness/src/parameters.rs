//! What a user may choose.

use driftline_sdk::prelude::*;

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The group that all others together are compared with: differences are theirs minus its own, ratios theirs by its
    /// own. Without it the largest and the smallest rate of any two groups are compared.
    #[serde(default)]
    pub(crate) privileged: Option<String>,
    /// Rows with a score of at least this much are decided for.
    #[serde(default = "half")]
    pub(crate) threshold: f64,
    /// The label of positive rows, and of decisions for. Without it, 1 and true are positive, 0 and false negative.
    #[serde(default)]
    pub(crate) positive: Option<String>,
}

fn half() -> f64 {
    0.5
}
