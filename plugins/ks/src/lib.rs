//! `ks`: whether a column is distributed as it was in the reference.
//!
//! Equals `scipy.stats.ks_2samp(current, reference)`; see
//! [`driftline_numerics::kolmogorov`] for the tails.

mod metric;

pub use metric::{Ks, Parameters};

driftline_sdk::plugin!(Ks);
