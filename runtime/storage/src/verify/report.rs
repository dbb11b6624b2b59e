//! What a check looked at, and what it found.

use std::fmt;

use object_store::path::Path;

use crate::Error;

/// What [`super::verify()`] looked at, and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Whether a server is running on the data directory.
    pub in_use: bool,
    /// Pages of the catalog's file.
    pub pages: u64,
    /// Models.
    pub models: u64,
    /// Monitors.
    pub monitors: u64,
    /// Versions of what monitors found.
    pub results: u64,
    /// Rows of the log, each with many predictions or delayed metrics.
    pub log_rows: u64,
    /// Segments.
    pub segments: u64,
    /// Files of datasets, of plugins, and whatever else the catalog lists.
    pub other_files: u64,
    /// Predictions, in the log and in segments.
    pub predictions: u64,
    /// Delayed metrics that are pending, in the log and in segments.
    pub delayed: u64,
    /// Bytes of files whose SHA-256 was computed.
    pub bytes: u64,
    /// Files that no record lists. A crash leaves them, or a running server is about to list or to remove them.
    pub unlisted: Vec<Path>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which file or row.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl Verification {
    pub(super) fn problem(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem { place: place.into(), what: what.into() });
    }

    /// Notes damage; hands on every other error.
    pub(super) fn damage(&mut self, error: Error) -> Result<(), Error> {
        match error {
            Error::Corrupt { place, reason } => {
                self.problem(place, reason);
                Ok(())
            }
            error => Err(error),
        }
    }

    /// Notes a difference between what a record says and what there is.
    pub(super) fn compare<T: PartialEq + fmt::Debug>(&mut self, place: &str, what: &str, recorded: T, found: T) {
        if recorded != found {
            self.problem(place, format!("{what}: {recorded:?} in the catalog, {found:?} found"));
        }
    }
}
