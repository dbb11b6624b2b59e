//! `binary-classification`: decisions at a threshold against binary truth.
//!
//! Equals scikit-learn's functions of the same names; the business value is NannyML's.

mod metric;
mod outputs;
mod parameters;
mod rates;

pub use metric::BinaryClassification;
pub use parameters::Parameters;

driftline_sdk::plugin!(BinaryClassification);
