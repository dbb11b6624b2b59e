//! `regression`: how far numeric predictions are from their targets.
//!
//! Equals scikit-learn's functions of the same names.

mod batch;
mod errors;
mod losses;
mod metric;
mod outputs;
mod parameters;
mod sums;

pub use metric::Regression;
pub use parameters::Parameters;

driftline_sdk::plugin!(Regression);
