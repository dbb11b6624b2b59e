//! `ks`: whether a column is distributed as it was in the reference.
//!
//! Equals `scipy.stats.ks_2samp(current, reference)`; see
//! [`driftline_numerics::kolmogorov`] for the tails.

mod metric;
mod parameters;

pub use metric::Ks;
pub use parameters::Parameters;

driftline_sdk::plugin!(Ks);
