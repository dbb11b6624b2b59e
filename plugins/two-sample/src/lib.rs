//! `two-sample`: could the values of the window and of the reference be of one distribution?
//!
//! Equals SciPy's tests of the same names.

mod anderson_darling;
mod cramer_von_mises;
mod epps_singleton;
mod mann_whitney;
mod metric;
mod pass;
mod shares;
mod welch;

pub use metric::{Parameters, TwoSample};

/// A test's statistic, and how likely one as large is without any difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) statistic: f64,
    pub(crate) p_value: f64,
}

driftline_sdk::plugin!(TwoSample);
