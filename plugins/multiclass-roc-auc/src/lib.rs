//! `multiclass-roc-auc`: how well the scores of several classes rank their rows.
//!
//! Equals scikit-learn's `roc_auc_score` with `multi_class`.

mod classes;
mod metric;

pub use metric::{MulticlassRocAuc, Parameters};

driftline_sdk::plugin!(MulticlassRocAuc);
