//! Standard output, which a reader such as `head` may close early.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Prints a line.
///
/// # Errors
/// When nobody reads any more.
pub fn say(line: impl Display) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// Whether an error only says that nobody reads any more.
pub fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Ends the command with an exit status of its own; everything there is to say has been said.
#[derive(Debug, thiserror::Error)]
#[error("exit status {0}")]
pub struct Exit(pub u8);

/// The exit status that an error is, if it is only that.
pub fn exit(error: &anyhow::Error) -> Option<u8> {
    error.downcast_ref::<Exit>().map(|exit| exit.0)
}
