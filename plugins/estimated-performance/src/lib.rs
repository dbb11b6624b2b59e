//! `estimated-performance`: performance expected from calibrated scores alone.
//!
//! Equals NannyML's confidence-based performance estimation (CBPE).

mod decisions;
mod metric;

pub use metric::{EstimatedPerformance, Parameters};

driftline_sdk::plugin!(EstimatedPerformance);
