//! `fairness`: how differently groups of people are treated.
//!
//! Equals Fairlearn's `demographic_parity_*`, `equal_opportunity_difference`
//! and `equalized_odds_difference`, and TrustyAI's definitions when a group is named as privileged.

mod groups;
mod metric;
mod outputs;
mod parameters;
mod sides;

pub use metric::Fairness;
pub use parameters::Parameters;

driftline_sdk::plugin!(Fairness);
