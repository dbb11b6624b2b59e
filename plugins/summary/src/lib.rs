//! `summary`: what is in a column, in bounded memory.

mod labels;
mod metric;
mod numbers;

pub use metric::{Parameters, Summary};

driftline_sdk::plugin!(Summary);
