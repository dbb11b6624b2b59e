//! `average-precision`: how pure the highest scores are.
//!
//! Equals scikit-learn's `average_precision_score`, and the best F1 along its `precision_recall_curve`.

mod curve;
mod metric;

pub use metric::AveragePrecision;

driftline_sdk::plugin!(AveragePrecision);
