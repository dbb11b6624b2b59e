//! What a user may choose.

use driftline_sdk::prelude::*;

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Numbers held at each level of the quantile sketch. Fewer rows than this give exact quantiles; of more, the note
    /// states by how many rows a quantile can be off: with the default at most 0.25 % of a million.
    #[serde(default = "default_sketch")]
    #[schemars(range(min = 16, max = 65_536))]
    pub(crate) sketch: u32,
    /// How many of the most frequent values are drawn.
    #[serde(default = "default_top")]
    #[schemars(range(min = 1, max = 100))]
    pub(crate) top: u32,
}

fn default_sketch() -> u32 {
    2048
}

fn default_top() -> u32 {
    10
}
