//! What a user may choose.

use driftline_numerics::binning::{Binning, Cuts};
use driftline_sdk::prelude::*;

/// The parameters of `psi`.
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
    /// Smaller shares count as this much, so that an empty bin does not make the index infinite. Unless told 1e-4, and
    /// 0.01 in the mode deepchecks.
    #[serde(default)]
    #[schemars(range(min = 1e-300, max = 0.5))]
    pub(crate) floor: Option<f64>,
    /// Whose rules to follow: our own (standard), or another tool's, to compare with it. evidently: Sturges bins over
    /// reference and current together above 20 distinct values, else one bin for each value, missing and infinite
    /// values dropped, its own replacement for empty bins. scouter: bins closed on the right, repeated edges kept, 1e-10
    /// added to each share, missing values and unseen categories in no bin. deepchecks: shares are at least 0.01,
    /// missing values dropped (of numbers it has no index itself).
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

/// Whose rules to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    #[default]
    Standard,
    Evidently,
    Scouter,
    Deepchecks,
}

impl Parameters {
    pub(crate) fn cuts(&self) -> Cuts<'_> {
        Cuts { binning: self.binning, bins: self.bins, edges: self.edges.as_deref() }
    }

    /// Checks what the schema can't say.
    pub(crate) fn check(&self) -> Result<()> {
        let edges = self.edges.as_deref().unwrap_or_default();
        match edges.windows(2).find(|pair| pair[0].partial_cmp(&pair[1]) != Some(core::cmp::Ordering::Less)) {
            Some(pair) => {
                let message = format!("`edges` must ascend, but {} is followed by {}", pair[0], pair[1]);
                Err(Error::parameters(message))
            }
            None if self.edges.is_some() && self.mode == Mode::Evidently => {
                Err(Error::parameters("`edges` and the mode evidently exclude each other: leave one out"))
            }
            None if self.sketch.is_some() && self.mode != Mode::Standard => {
                Err(Error::parameters("`sketch` and another tool's mode exclude each other: leave one out"))
            }
            None if self.floor.is_some() && matches!(self.mode, Mode::Evidently | Mode::Scouter) => {
                Err(Error::parameters("`floor` has no part in the modes evidently and scouter: leave it out"))
            }
            None => Ok(()),
        }
    }
}
