//! `wasserstein`: how far values have moved.
//!
//! Equals `scipy.stats.wasserstein_distance`, and Evidently's normalization of it.

mod metric;

pub use metric::{Parameters, Wasserstein};

driftline_sdk::plugin!(Wasserstein);
