//! The number of the last commit, kept beside the catalog.
//!
//! SQLite takes a damaged frame of its write-ahead log for the end of the log and drops the commits from there on. The
//! catalog counts its commits; the count is repeated in a file that is written after each commit and never synced. When the
//! file knows of more commits than the catalog, some were dropped.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
};

use rusqlite::{Connection, OptionalExtension};

use crate::Error;

const NAME: &str = "catalog.mark";

/// The file that repeats the count.
pub(crate) struct Mark {
    file: File,
}

impl Mark {
    /// Opens the mark of the data directory `dir`, new if need be.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let file = File::options().write(true).create(true).truncate(false).open(dir.join(NAME));
        Ok(Self { file: file.map_err(|error| Error::failed(format!("opening {NAME}"), error))? })
    }

    /// Repeats the count. A failure costs only what the mark is for, and the commit is durable: it is no error.
    pub fn set(&self, commits: u64) {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&commits.to_le_bytes());
        bytes[8..].copy_from_slice(&crc32fast::hash(&commits.to_le_bytes()).to_le_bytes());
        if let Err(error) = self.file.write_all_at(&bytes, 0) {
            tracing::warn!(%error, "{NAME} can't be written: a damaged catalog.db-wal may go unnoticed");
        }
    }
}

/// The count that the mark of the data directory `dir` repeats; 0 when there is no mark, or a power cut spoilt it.
pub(crate) fn marked(dir: &Path) -> u64 {
    let bytes = fs::read(dir.join(NAME)).unwrap_or_default();
    match bytes.split_first_chunk::<8>() {
        Some((count, checksum)) if crc32fast::hash(count).to_le_bytes() == *checksum => u64::from_le_bytes(*count),
        _ => 0,
    }
}

/// Checks that the catalog has all `marked` commits.
///
/// # Errors
/// [`Error::Corrupt`] when some are missing.
pub(crate) fn check(marked: u64, catalog: &Connection) -> Result<(), Error> {
    let lost = marked.saturating_sub(count(catalog)?);
    if lost == 0 {
        return Ok(());
    }
    let reason = format!("its last {lost} commits are missing; without {NAME} Driftline goes on without them");
    Err(Error::corrupt("catalog.db-wal", reason))
}

/// Counts one more commit, in its transaction; gives the new count.
pub(crate) fn advance(connection: &Connection) -> Result<u64, Error> {
    Ok(connection
        .prepare_cached("UPDATE counters SET value = value + 1 WHERE name = 'commits' RETURNING value")?
        .query_row([], |row| row.get(0))?)
}

/// The count; 0 for a catalog that never counted, or whose every commit was dropped.
fn count(connection: &Connection) -> Result<u64, Error> {
    let counts: bool =
        connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'counters'", [], |row| row.get(0))?;
    if !counts {
        return Ok(0);
    }
    let query = "SELECT value FROM counters WHERE name = 'commits'";
    Ok(connection.query_row(query, [], |row| row.get(0)).optional()?.unwrap_or(0))
}
