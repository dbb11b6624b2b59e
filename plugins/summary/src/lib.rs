//! `summary`: what is in a column, in bounded memory.

mod labels;
mod metric;
mod numbers;
mod outputs;
mod parameters;

pub use metric::Summary;
pub use parameters::Parameters;

driftline_sdk::plugin!(Summary);
