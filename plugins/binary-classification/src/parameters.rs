//! What a user may choose.

use driftline_sdk::prelude::*;

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Rows with a score of at least this much are decided as positive.
    #[serde(default = "half")]
    pub(crate) threshold: f64,
    /// The label of positive rows. Without it, 1 and true are positive, 0 and false negative.
    #[serde(default)]
    pub(crate) positive: Option<String>,
    /// How much more recall matters than precision in `f_beta`.
    #[serde(default = "two")]
    #[schemars(range(min = 0.01, max = 100.0))]
    pub(crate) beta: f64,
    /// What a decision is worth: [[true negative, false positive], [false negative, true positive]].
    #[serde(default)]
    pub(crate) value_matrix: Option<[[f64; 2]; 2]>,
    /// What `business_value` is divided by.
    #[serde(default)]
    pub(crate) normalize_value: Normalize,
    /// What stands in for a number with nothing to divide by, as scikit-learn's option of this name. Without it such a
    /// number is undefined.
    #[serde(default)]
    pub(crate) zero_division: Option<f64>,
}

/// What a business value is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Normalize {
    /// Nothing: the worth of all rows.
    #[default]
    None,
    /// The number of rows.
    PerRow,
    /// Each kind of decision by how often it was taken: NannyML's `per_prediction`.
    PerDecision,
}

fn half() -> f64 {
    0.5
}

fn two() -> f64 {
    2.0
}
