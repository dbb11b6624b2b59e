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
