//! `driftline verify`: checks a data directory.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use driftline_storage::{Options, Verification, verify};

use super::{output::say, place::PlaceArgs};

/// Checks a data directory: every checksum, every reference, every count
///
/// Changes nothing, and works beside a running server. Prints what it looked at, then a line for each problem; ends with 0
/// when there is none, with 1 when there are some, with 2 when used wrongly.
#[derive(Debug, Args)]
pub struct Verify {
    /// The data directory
    #[arg(long, env = "DRIFTLINE_DATA", value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Checks the data directory.
///
/// # Errors
/// When something is wrong with it, or it can't be checked.
pub fn run(order: Verify) -> anyhow::Result<()> {
    let found = verify(&order.data, &Options { place: order.place.into(), ..Options::default() })?;
    print(&found)?;
    match found.problems.len() {
        0 => say("no problems"),
        1 => bail!("1 problem: restore the data directory from a backup"),
        many => bail!("{many} problems: restore the data directory from a backup"),
    }
}

fn print(found: &Verification) -> anyhow::Result<()> {
    let Verification { pages, models, log_rows, segments, other_files, bytes, predictions, delayed, .. } = found;
    say(format_args!("catalog: {pages} pages, {models} models, {log_rows} log rows"))?;
    say(format_args!("files: {segments} segments, {other_files} others, {bytes} bytes"))?;
    say(format_args!("rows: {predictions} predictions, {delayed} pending delayed metrics"))?;
    if !found.unlisted.is_empty() {
        let what =
            if found.in_use { "new or replaced, the server looks after them" } else { "the next start removes them" };
        say(format_args!("unlisted: {} files; {what}", found.unlisted.len()))?;
    }
    found.problems.iter().try_for_each(say)
}
