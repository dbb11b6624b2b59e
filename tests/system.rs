//! The whole system from outside: the binary, its HTTP interface and its command line.
//!
//! Each module is one promise; see `harness` for how a test gets a server.

mod harness;
mod ledger;
mod sinks;

mod authors;
mod bad_requests;
mod cli;
mod durability;
mod evaluations;
mod flights;
mod formats;
mod hostile;
mod languages;
mod monitors;
mod object_store;
mod operations;
mod plugins;
mod power;
mod reading;
mod sharing;
mod sql;
mod uploads;
mod versions;
