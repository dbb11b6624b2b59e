//! `multiclass`: decisions among several classes against the truth.
//!
//! Equals scikit-learn's `precision_recall_fscore_support`, `accuracy_score` and `confusion_matrix`.

mod confusion;
mod metric;

pub use metric::{Multiclass, Parameters};

driftline_sdk::plugin!(Multiclass);
