//! `roc-auc`: how well scores rank positives above negatives.
//!
//! Equals scikit-learn's `roc_auc_score`, ties averaged; see
//! [`driftline_numerics::roc`] for the formulas.

mod metric;

pub use metric::RocAuc;

driftline_sdk::plugin!(RocAuc);
