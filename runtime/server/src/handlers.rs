//! Handlers, one file a resource, each a recipe: take the request apart, act once, answer.

pub mod aggregates;
pub mod aliases;
pub mod comparisons;
pub mod datasets;
pub mod delayed_metrics;
pub mod deletions;
pub mod evaluations;
pub mod fallback;
pub mod models;
pub mod operations;
pub mod plugins;
pub mod predictions;
pub mod sql;
mod window;
