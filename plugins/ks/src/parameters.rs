//! What a user may choose.

use driftline_numerics::{
    ecdf::{Distance, Extreme},
    kolmogorov,
};
use driftline_sdk::prelude::*;

/// The parameters of `ks`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How the p-value is computed: exactly for at most 10,000 rows on both sides (auto), exactly if possible, or
    /// asymptotically.
    #[serde(default)]
    pub(crate) method: Method,
    /// Which differences count: both (two-sided), the current distribution function below the reference's (less), or
    /// above it (greater).
    #[serde(default)]
    pub(crate) alternative: Alternative,
    /// Bounds the memory: so many leading bits of each value are kept, numbers of no more bits exactly. The note states
    /// how far the statistic can be off. Without it the test is exact.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    pub(crate) sketch: Option<u32>,
}

/// How the p-value is computed.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    #[default]
    Auto,
    Exact,
    Asymp,
}

/// Which differences count.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Alternative {
    #[default]
    TwoSided,
    Less,
    Greater,
}

impl Alternative {
    /// The distance that counts.
    pub(crate) fn of(self, distance: &Distance) -> Extreme {
        match self {
            Self::Less => distance.below,
            Self::TwoSided if distance.below.distance > distance.above.distance => distance.below,
            Self::TwoSided | Self::Greater => distance.above,
        }
    }
}

impl From<Alternative> for kolmogorov::Alternative {
    fn from(alternative: Alternative) -> Self {
        match alternative {
            Alternative::TwoSided => Self::TwoSided,
            Alternative::Less => Self::Less,
            Alternative::Greater => Self::Greater,
        }
    }
}

impl From<Method> for kolmogorov::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Auto => Self::Auto,
            Method::Exact => Self::Exact,
            Method::Asymp => Self::Asymptotic,
        }
    }
}
