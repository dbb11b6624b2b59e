//! `data-quality`: what is wrong with the cells of a column.

mod metric;
mod shape;

pub use metric::{DataQuality, Parameters};

driftline_sdk::plugin!(DataQuality);
