//! The sandbox through its public face, with guests written in Wasm text.
// The fuzzer puts its guests together as these tests do.
#![allow(clippy::duplicate_mod)]

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
