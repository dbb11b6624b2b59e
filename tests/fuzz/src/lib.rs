//! What is fuzzed: each target takes any bytes, and panics where the sandbox breaks a promise.
//!
//! | target | its bytes are |
//! |---|---|
//! | `upload` | an upload: refused with advice, or installed, checked for the laws of merging and run |
//! | `componentize` | an upload too, but only as far as a component is made and its interface explained |
//! | `states` | what a guest's memory holds when `state`, `open`, `merge` or host functions point there |
//! | `reports` | the same when `evaluate` points there |
//! | `foreign` | a state of nobody's, merged into a standard plugin |
//!
//! A test of the sandbox includes this file to run what is kept in `corpus` again.

mod echo;
mod foreign;
pub mod life;
mod reports;
mod states;
mod upload;

#[path = "../../../runtime/sandbox/tests/sandbox/guest/text.rs"]
pub mod text;

use std::path::Path;

pub use echo::IMAGE;
pub use foreign::{PLUGINS, opened};

/// The names of all targets.
pub const TARGETS: [&str; 5] = ["componentize", "foreign", "reports", "states", "upload"];

/// A target: runs some bytes, and tells apart what the fuzzer's own counters cannot, such as the paths of compiled guests.
pub type Run = Box<dyn Fn(&[u8]) -> Vec<u64> + Send + Sync>;

/// Sets up a target; machine code is kept in `cache`.
pub fn target(name: &str, cache: &Path) -> Option<Run> {
    match name {
        "componentize" => Some(Box::new(upload::componentize)),
        "foreign" => Some(foreign::target(cache)),
        "reports" => Some(reports::target(cache)),
        "states" => Some(states::target(cache)),
        "upload" => Some(upload::target(cache)),
        _ => None,
    }
}
