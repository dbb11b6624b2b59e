//! A running server for one test, and the requests it is sent.

mod command;
mod disk;
mod guest;
mod reply;
mod server;
mod tables;

use std::path::{Path, PathBuf};

pub use command::{driftline, succeed, verify};
pub use disk::{Disk, Honesty};
pub use guest::{Guest, KEEP_FIRST, SUM, guest};
pub use reply::Reply;
pub use server::Server;
pub use tables::{
    ARROW, CSV, JSON, NDJSON, PARQUET, arrow_stream, float, id_column, integer, parquet, table, text, time,
};

/// The binary under test, built by cargo before any test runs.
pub const DRIFTLINE: &str = env!("CARGO_BIN_EXE_driftline");

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The `number`th of a family of valid ids.
pub fn id(number: u64) -> String {
    uuid::Uuid::from_u64_pair(0x4000, 0x8000_0000_0000_0000 | number).to_string()
}

/// Choices of a test. `DRIFTLINE_SEED` brings those of an earlier run again; the clients' order among each other it can't.
pub fn random() -> fastrand::Rng {
    let seed =
        std::env::var("DRIFTLINE_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().expect("a number"));
    println!("DRIFTLINE_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// How often a long test repeats itself: as the environment says, or else as given.
pub fn times_or(variable: &str, times: u32) -> u32 {
    std::env::var(variable).map_or(times, |text| text.parse().expect("a whole number"))
}
