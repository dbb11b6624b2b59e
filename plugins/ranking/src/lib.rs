//! `ranking`: how well rows are ranked within each query.
//!
//! NDCG equals scikit-learn's `ndcg_score`; the others are the textbook's.

mod metric;
mod quality;
mod query;

pub use metric::{Parameters, Ranking};

driftline_sdk::plugin!(Ranking);
