//! `distribution-distance`: how far apart two distributions are, bin by bin.

mod metric;
mod parameters;

pub use metric::DistributionDistance;
pub use parameters::Parameters;

driftline_sdk::plugin!(DistributionDistance);
