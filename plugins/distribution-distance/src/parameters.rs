//! What a user may choose.

use driftline_numerics::binning::{Binning, Cuts};
use driftline_sdk::prelude::*;

/// The parameters of `distribution-distance`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Into how many bins numbers are cut; for quantile and equal-width binning.
    #[serde(default = "ten")]
    #[schemars(range(min = 2, max = 10_000))]
    pub(crate) bins: u32,
    /// How bins are cut: at the reference's quantiles, or with equal widths over its range (as many as `bins`, or as
    /// Sturges' or Doane's rule says).
    #[serde(default)]
    pub(crate) binning: Binning,
    /// The edges of the bins in ascending order, in place of `binning`; the first and the last are taken as infinite.
    #[serde(default)]
    #[schemars(length(min = 2, max = 10_001))]
    pub(crate) edges: Option<Vec<f64>>,
    /// Smaller shares count as this much in `kl_divergence`, so that an empty bin does not make it infinite.
    #[serde(default = "floor")]
    #[schemars(range(min = 1e-300, max = 0.5))]
    pub(crate) floor: f64,
    /// The unit of `jensen_shannon`: bits (2), with a largest distance of 1, or nats (e).
    #[serde(default)]
    pub(crate) base: Base,
    /// Whose bins to use: our own (standard), Evidently's (Sturges bins over both sides together above 20 distinct values,
    /// else one for each value; nats), or NannyML's (Doane's bins of the reference and one for what lies outside).
    #[serde(default)]
    pub(crate) mode: Mode,
    /// Bounds the memory: so many leading bits of each number are kept, numbers of no more bits exactly. The note states
    /// how far a bin's share can be off. Without it shares are exact and the state grows by 8 bytes a row of numbers.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    pub(crate) sketch: Option<u32>,
}

fn ten() -> u32 {
    10
}

fn floor() -> f64 {
    1e-4
}

/// The unit of a divergence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Base {
    #[default]
    #[serde(rename = "2")]
    Two,
    #[serde(rename = "e")]
    E,
}

/// Whose bins to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    #[default]
    Standard,
    Evidently,
    Nannyml,
}

impl Parameters {
    pub(crate) fn cuts(&self) -> Cuts<'_> {
        Cuts { binning: self.binning, bins: self.bins, edges: self.edges.as_deref() }
    }

    /// Checks what the schema can't say.
    pub(crate) fn check(&self) -> Result<()> {
        let edges = self.edges.as_deref().unwrap_or_default();
        if !edges.is_sorted_by(|a, b| a < b) {
            return Err(Error::parameters("`edges` must ascend: put them in order and leave out repeated ones"));
        }
        if (!edges.is_empty() || self.sketch.is_some()) && self.mode != Mode::Standard {
            let message = "`edges` or `sketch` and another tool's mode exclude each other: leave one out";
            return Err(Error::parameters(message));
        }
        Ok(())
    }
}
