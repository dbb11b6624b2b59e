//! The sandbox through its public face, with guests written in Wasm text.

mod cache;
mod columns;
mod contract;
mod corpus;
mod determinism;
mod guest;
mod hostile;
mod laws;
mod life;
mod refusals;
mod standard;
