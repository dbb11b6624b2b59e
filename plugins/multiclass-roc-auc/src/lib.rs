//! `multiclass-roc-auc`: how well the scores of several classes rank their rows.
//!
//! Equals scikit-learn's `roc_auc_score` with `multi_class`.

mod areas;
mod classes;
mod metric;
mod scores;

pub use metric::{MulticlassRocAuc, Parameters};

driftline_sdk::plugin!(MulticlassRocAuc);
