//! `data-quality`: what is wrong with the cells of a column.

mod cells;
mod metric;
mod parameters;
mod shape;

pub use metric::DataQuality;
pub use parameters::Parameters;

driftline_sdk::plugin!(DataQuality);
