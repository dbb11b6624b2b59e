//! `correlation`: how two columns go together, and whether that has changed.
//!
//! Equals `scipy.stats.pearsonr` and `spearmanr`.

mod metric;
mod pairs;

pub use metric::{Correlation, Parameters};

driftline_sdk::plugin!(Correlation);
