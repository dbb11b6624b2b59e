//! `driftline compact`: brings a data directory into its final form.

use std::path::PathBuf;

use clap::Args;
use driftline_storage::{Options, Storage};

use super::{output::say, place::PlaceArgs};

/// Seals, folds and compacts everything in a data directory on which no server runs
///
/// A running server does the same bit by bit in the background. This does all of it at once: before an archive is made, or after
/// an import.
#[derive(Debug, Args)]
pub struct Compact {
    /// The data directory
    #[arg(long, env = "DRIFTLINE_DATA", value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Does the work.
///
/// # Errors
/// When a server runs on the directory, or it can't be had.
pub fn run(order: Compact) -> anyhow::Result<()> {
    anyhow::ensure!(order.data.join("catalog.db").exists(), "there is no catalog.db in {}", order.data.display());
    let storage =
        Storage::open(&order.data, Options { background: false, place: order.place.into(), ..Options::default() })?;
    storage.maintain()?;
    storage.close();
    say(format_args!("{}: compact", order.data.display()))
}
