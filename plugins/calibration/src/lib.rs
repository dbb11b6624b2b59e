//! `calibration`: whether probabilities mean what they say.
//!
//! Equals scikit-learn's `brier_score_loss`, `log_loss` and the bins of `calibration_curve`.

mod losses;
mod metric;
mod reliability;

pub use metric::{Calibration, Parameters};

driftline_sdk::plugin!(Calibration);
