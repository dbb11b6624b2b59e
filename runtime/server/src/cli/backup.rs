//! `driftline backup`: copies a data directory.

use std::path::PathBuf;

use clap::Args;
use driftline_storage::{Options, backup};

use super::{output::say, place::PlaceArgs};

/// Copies a data directory to a new directory, also while a server runs on it
///
/// The copy is what the server held at one instant; everything it acknowledged before is in it, also files that are
/// in an object store: give the server's `--object-store` options then. Every file is checked on the way. Turn the
/// copy into a data directory again with `driftline restore`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The data directory
    #[arg(long, env = "DRIFTLINE_DATA", value_name = "DIR")]
    data: PathBuf,
    /// The new directory for the copy; made if it does not exist
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Makes the backup.
///
/// # Errors
/// When it could not be finished; then it can't be restored either.
pub fn run(order: Backup) -> anyhow::Result<()> {
    let copied = backup(&order.data, &order.to, &Options { place: order.place.into(), ..Options::default() })?;
    say(format_args!("{}: {} files, {} bytes", order.to.display(), copied.files, copied.bytes))
}
