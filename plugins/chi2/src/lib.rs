//! `chi2`: whether categories come as often as they did in the reference.
//!
//! Equals `scipy.stats.chi2_contingency` and, in the mode evidently, `scipy.stats.chisquare` as Evidently calls it.

mod metric;

pub use metric::{Chi2, Parameters};

driftline_sdk::plugin!(Chi2);
