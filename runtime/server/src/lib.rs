//! The Driftline server: how the outside talks to the runtime.
//!
//! | step of a request | file |
//! |---|---|
//! | ids, logs, counts, encodings, panics | `layers` |
//! | which handler | `router` |
//! | the bytes of the body, in memory or on disk | `receive` |
//! | the parts of the request, checked | `extract`, [`wire`], [`ingest`] |
//! | the recipe | `handlers` |
//! | what handlers reach | `app`: storage, sandbox, evaluator, `evaluations`, `uploads` and `queries` under way |
//! | what happens without a request | `scheduler` (runs of monitors), `delivery` (what they tell), `maintenance` |
//! | whether a plugin may run | `trust` (who signed it), `breakers` (how it did) |
//! | the answer, or why there is none | [`wire`], `export` (rows), [`problem`] |
//!
//! [`Server`] puts these together; [`cli`] is the command line around it.

mod app;
mod breakers;
mod channels;
pub mod cli;
mod compare;
mod config;
mod delivery;
mod error;
mod evaluations;
mod export;
mod extract;
mod handlers;
pub mod ingest;
mod layers;
mod maintenance;
mod metrics;
mod monitors;
mod plugins;
pub mod problem;
mod queries;
mod receive;
mod router;
mod scheduler;
mod schemas;
mod server;
mod standard_plugins;
mod trust;
mod uploads;
pub mod wire;

pub use config::{Config, History, Limits};
pub use error::Error;
pub use server::{Server, Settling};
