//! How foreign code runs: prepare once, enter with limits, throw away.
//!
//! A plugin arrives as bytes and is never trusted. [`Sandbox::inspect`] decides
//! whether it may be installed, [`Sandbox::load`] finds it again, and the
//! [`Plugin`] they give is a [`MetricFactory`](driftline_core::MetricFactory):
//! each `start` is a fresh instance that shares nothing with any other.
//!
//! | stage | files |
//! |---|---|
//! | is this Wasm at all, and whole? for which contract? | `shape`, `built_against` |
//! | a core module becomes a component | `componentize`, `contract`, `contained` |
//! | compiled in another process, one at a time, bounded in time and memory | `compile`, `child`, `queue` |
//! | machine code kept on disk and verified | `cache` |
//! | does it fit our world, and where not? what does it say of itself? | `world`, `explain`, `description` |
//! | does it keep the laws of merging? | `laws` |
//! | kept at hand, the least used one forgotten | `shelf`, `sandbox`, `plugin` |
//! | a running instance | `running`, `session`, `guest`, `fault` |
//! | what it can call | `columns`, `dictionary`, `log`, `console`, `clock` |
//! | what it may use up, and what it has | `options`, `own_limits`, `limiter`, `settings`, `ticker`, `meter` |
//! | what it gave back, checked | `report` |
//!
//! The sandbox blocks its caller: call it from a thread that may block, never
//! from one that drives an async runtime.

mod bindings;
mod built_against;
mod cache;
mod child;
mod clock;
mod columns;
mod compile;
mod componentize;
mod console;
mod contained;
mod contract;
mod description;
mod dictionary;
mod error;
mod explain;
mod fault;
mod guest;
#[cfg(target_os = "linux")]
mod huge_pages;
mod laws;
mod limiter;
mod log;
mod memories;
mod meter;
mod options;
mod own_limits;
mod plugin;
mod queue;
mod report;
mod running;
mod runtime;
mod sandbox;
mod session;
mod settings;
mod shape;
mod shelf;
mod ticker;
mod world;

pub use child::compile_child;
pub use componentize::componentize;
pub use description::parse_description;
pub use error::{Error, Refusal, RefusalCode};
pub use explain::{Mismatch, mismatches};
pub use laws::{Breach, Finding, Fuel, Law, Laws, Verdict};
pub use meter::{CallUsage, Usage};
pub use options::{Compiler, Limits, Metering, Options};
pub use plugin::Plugin;
pub use queue::Stage;
pub use sandbox::{Inspected, Sandbox};
pub use settings::{contract_version, runtime_version};

// Columns reach the guest as the bytes Arrow holds, and Wasm is little-endian.
#[cfg(target_endian = "big")]
compile_error!("the sandbox hands Arrow buffers to guests as they are, which needs a little-endian host");
