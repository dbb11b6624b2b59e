//! `distribution-distance`: how far apart two distributions are, bin by bin.

mod metric;

pub use metric::{DistributionDistance, Parameters};

driftline_sdk::plugin!(DistributionDistance);
