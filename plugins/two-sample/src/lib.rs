//! `two-sample`: could the values of the window and of the reference be of one distribution?
//!
//! Equals SciPy's tests of the same names.

mod anderson_darling;
mod cramer_von_mises;
mod epps_singleton;
mod mann_whitney;
mod metric;
mod pass;
mod welch;

use driftline_numerics::proportions::Outcome;

pub use metric::{Parameters, TwoSample};

driftline_sdk::plugin!(TwoSample);
