//! `regression`: how far numeric predictions are from their targets.
//!
//! Equals scikit-learn's functions of the same names.

mod errors;
mod metric;
mod parameters;
mod sums;

pub use metric::Regression;
pub use parameters::Parameters;

driftline_sdk::plugin!(Regression);
