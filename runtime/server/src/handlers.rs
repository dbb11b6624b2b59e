//! Handlers, one file a resource, each a recipe: take the request apart, act once, answer.

pub mod aggregates;
pub mod alerts;
pub mod aliases;
pub mod apply;
pub mod channels;
pub mod comparisons;
pub mod datasets;
pub mod delayed_metrics;
pub mod deletions;
pub mod deliveries;
pub mod evaluations;
pub mod fallback;
pub mod models;
pub mod monitors;
pub mod operations;
pub mod plugins;
pub mod predictions;
pub mod silences;
pub mod sql;
mod window;
