//! What a user may choose.

use driftline_sdk::prelude::*;

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The smallest number that is in range; without it the reference's.
    #[serde(default)]
    pub(crate) min: Option<f64>,
    /// The largest number that is in range; without it the reference's.
    #[serde(default)]
    pub(crate) max: Option<f64>,
    /// Numbers held at each level of the sketch that tells how many lie outside the reference's range.
    #[serde(default = "default_sketch")]
    #[schemars(range(min = 16, max = 65_536))]
    pub(crate) sketch: u32,
}

impl Parameters {
    /// Whether a number is outside the given bounds.
    pub(crate) fn is_outside(&self, number: f64) -> bool {
        self.min.is_some_and(|min| number < min) || self.max.is_some_and(|max| number > max)
    }

    /// Whether bounds are given.
    pub(crate) fn has_bounds(&self) -> bool {
        self.min.is_some() || self.max.is_some()
    }
}

fn default_sketch() -> u32 {
    2048
}
