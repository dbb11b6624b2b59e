//! What can go wrong, as a list of what the caller can do about it.

use std::{
    error::Error as StdError,
    io::{self, ErrorKind},
    path::PathBuf,
    sync::Arc,
};

use driftline_core::SchemaError;
use rusqlite::{ErrorCode, ffi::SQLITE_IOERR_DATA};

/// Why storage did not do what it was asked. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// It does not exist.
    #[error("there is no {what}")]
    NotFound {
        /// What was looked for, such as "model `churn`".
        what: String,
    },
    /// The rows don't fit the model's columns.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The rows can't be kept whatever the model; says which column and row.
    #[error("{0}")]
    Rows(String),
    /// An idempotency key came a second time with another request.
    #[error(
        "the idempotency key `{key}` was used for a different request: send the same request again, or use a new key"
    )]
    KeyReused {
        /// The key.
        key: String,
    },
    /// A name and version can't mean two different plugins.
    #[error("plugin {name}@{version} is already installed with other bytes: raise the version and upload again")]
    VersionTaken {
        /// The plugin's name.
        name: String,
        /// Its version.
        version: String,
    },
    /// It contradicts how things are.
    #[error("{reason}")]
    Conflict {
        /// A stable word.
        code: &'static str,
        /// What contradicts it, and what to do.
        reason: String,
    },
    /// Too many rows are waiting to be written.
    #[error("too many rows are waiting to be written: try again in a moment")]
    Busy,
    /// Another process has the data directory open.
    #[error("the data directory {} is already in use by another process: stop that process or choose another directory", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The catalog was written by a later release.
    #[error(
        "the catalog has format {found}, this release knows formats up to {known}: use a newer release of Driftline"
    )]
    TooNew {
        /// The format found.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The catalog was written by an earlier release, and is not to be changed now.
    #[error("the catalog is of an earlier release: start `driftline serve` of this release once, which upgrades it")]
    Outdated,
    /// The place given for the files is not that of this data directory's files.
    #[error("{reason}")]
    WrongStore {
        /// Which place is expected, and what to do.
        reason: String,
    },
    /// Bytes on disk are not the bytes that were written.
    #[error("{place} is damaged ({reason}): restore it from a backup")]
    Corrupt {
        /// Which file or row.
        place: String,
        /// What does not fit.
        reason: String,
    },
    /// A backup can't be made there, or can't be restored; says why and what to do.
    #[error("{0}")]
    Backup(String),
    /// The disk is full.
    #[error("the disk is full: free some space; nothing of this request was kept")]
    Full,
    /// The disk takes no writes.
    #[error("the disk is read-only: make it writable again; nothing of this request was kept")]
    ReadOnly,
    /// The disk gives errors.
    #[error(
        "the disk failed while {doing} ({source}): look at its health; send the request again, its keys make that safe"
    )]
    Disk {
        /// What was being done.
        doing: String,
        /// What the system or SQLite said.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// Storage was closed.
    #[error("storage is closed")]
    Closed,
    /// Something failed that should not; our fault, not the caller's.
    #[error("{doing} failed: {source}")]
    Failed {
        /// What was being done.
        doing: String,
        /// What the library said.
        source: Arc<dyn StdError + Send + Sync>,
    },
}

impl Error {
    /// Something below failed while `doing`; a full disk is [`Error::Full`].
    pub fn failed(doing: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let (doing, source): (String, Box<dyn StdError + Send + Sync>) = (doing.into(), source.into());
        let Some(kind) = disk_error(source.as_ref()) else {
            return Self::Failed { doing, source: source.into() };
        };
        match kind {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Disk { doing, source: source.into() },
        }
    }

    /// Whether the disk is to blame, so that the same may work later.
    pub fn is_disk(&self) -> bool {
        matches!(self, Self::Full | Self::ReadOnly | Self::Disk { .. })
    }

    pub(crate) fn corrupt(place: impl Into<String>, reason: impl ToString) -> Self {
        Self::Corrupt { place: place.into(), reason: reason.to_string() }
    }

    pub(crate) fn conflict(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Conflict { code, reason: reason.into() }
    }

    pub(crate) fn not_found(kind: &str, name: impl std::fmt::Display) -> Self {
        Self::NotFound { what: format!("{kind} `{name}`") }
    }
}

/// The kind of the system's own error below `error`, if it comes from a file rather than from the network.
fn disk_error(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    let chain = std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| (*error).source());
    let mut systems = chain.filter_map(|error| error.downcast_ref::<io::Error>());
    let found = systems.find(|error| error.raw_os_error().is_some() || error.kind() == ErrorKind::StorageFull)?;
    let is_network = matches!(
        found.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::AddrNotAvailable
            | ErrorKind::BrokenPipe
            | ErrorKind::TimedOut
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    );
    (!is_network).then(|| found.kind())
}

fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            _ if extended(&error) == Some(SQLITE_IOERR_DATA) => {
                Self::corrupt("catalog.db", "the checksum of a page does not match")
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::corrupt("catalog.db", error),
            Some(ErrorCode::SystemIoFailure) => {
                Self::Disk { doing: "using the catalog".into(), source: Arc::new(error) }
            }
            _ if matches!(error, rusqlite::Error::FromSqlConversionFailure(..)) => Self::corrupt("catalog.db", error),
            _ => Self::failed("using the catalog", error),
        }
    }
}
