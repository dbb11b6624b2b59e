//! What a user may choose.

use driftline_sdk::prelude::*;

/// The parameters of `two-sample`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Which tests are wanted: all of them unless some are named.
    #[serde(default)]
    tests: Option<Vec<Test>>,
    /// Bounds the memory: so many leading bits of each number are kept, numbers of no more bits exactly. Welch's t stays
    /// exact; notes state how far other statistics can be off and between which numbers p-values lie. What a sketch can't
    /// bound is undefined: Epps-Singleton, whose inverse of a covariance enlarges errors without limit, and the tests of
    /// how often values occur, which it does not tell apart. Without it all is exact and the state grows by 8 bytes a row.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    pub(crate) sketch: Option<u32>,
}

impl Parameters {
    pub(crate) fn wants(&self, test: Test) -> bool {
        self.tests.as_ref().is_none_or(|tests| tests.contains(&test))
    }
}

/// A test, or the distance that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Test {
    MannWhitney,
    CramerVonMises,
    AndersonDarling,
    EppsSingleton,
    WelchT,
    ZProportions,
    #[serde(rename = "g_test")]
    LikelihoodRatio,
    EnergyDistance,
}
