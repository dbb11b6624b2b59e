//! `multivariate-drift`: whether columns still vary together as they did in the reference.
//!
//! Equals NannyML's data reconstruction with PCA.

mod axes;
mod metric;
mod table;

pub use metric::{MultivariateDrift, Parameters};

driftline_sdk::plugin!(MultivariateDrift);
