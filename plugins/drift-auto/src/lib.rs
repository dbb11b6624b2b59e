//! `drift-auto`: whether a column has drifted, by the test that fits it.
//!
//! The choice of the test, its value and the levels are Evidently's.

mod choice;
mod finding;
mod metric;

pub use metric::{DriftAuto, Parameters};

driftline_sdk::plugin!(DriftAuto);
