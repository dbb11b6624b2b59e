//! `label-coverage`: how many predictions have their label, and how late labels come.

mod arrivals;
mod metric;

pub use metric::{LabelCoverage, Parameters};

driftline_sdk::plugin!(LabelCoverage);
