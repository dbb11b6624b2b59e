//! `new-categories`: values that the reference does not have.
//!
//! Equals NannyML's count and share of unseen values.

mod metric;

pub use metric::{NewCategories, Parameters};

driftline_sdk::plugin!(NewCategories);
