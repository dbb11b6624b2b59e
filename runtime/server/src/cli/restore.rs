//! `driftline restore`: makes a data directory of a backup.

use std::path::PathBuf;

use clap::Args;
use driftline_storage::{Options, restore};

use super::{output::say, place::PlaceArgs};

/// Makes a new data directory of a backup
///
/// Every file is checked against the backup's manifest. The new directory must be empty, and with `--object-store`
/// the prefix too, wherever the backup's files were; a restore that did not finish leaves a directory on which no
/// server starts.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup, made by `driftline backup`
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The new data directory; made if it does not exist
    #[arg(long, env = "DRIFTLINE_DATA", value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Restores the backup.
///
/// # Errors
/// When the backup is not whole or the directory not empty.
pub fn run(order: Restore) -> anyhow::Result<()> {
    let copied = restore(&order.from, &order.data, &Options { place: order.place.into(), ..Options::default() })?;
    say(format_args!("{}: {} files, {} bytes", order.data.display(), copied.files, copied.bytes))
}
