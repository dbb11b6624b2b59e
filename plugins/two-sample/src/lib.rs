//! `two-sample`: could the values of the window and of the reference be of one distribution?
//!
//! Equals SciPy's tests of the same names.

mod anderson_darling;
mod comparison;
mod cramer_von_mises;
mod doubt;
mod epps_singleton;
mod mann_whitney;
mod metric;
mod outputs;
mod parameters;
mod pass;
mod range;
mod welch;

use driftline_numerics::proportions::Outcome;

pub use metric::TwoSample;
pub use parameters::Parameters;

driftline_sdk::plugin!(TwoSample);
