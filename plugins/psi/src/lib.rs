//! `psi`: how far a column's distribution has moved from the reference.

mod index;
mod metric;
mod parameters;

pub use metric::Psi;
pub use parameters::Parameters;

driftline_sdk::plugin!(Psi);
