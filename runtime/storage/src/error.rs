//! What can go wrong, as a list of what the caller can do about it.

use std::{error::Error as StdError, path::PathBuf, sync::Arc};

use driftline_core::SchemaError;
use rusqlite::ErrorCode;

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
    /// Bytes on disk are not the bytes that were written.
    #[error("{place} is damaged ({reason}): restore it from a backup")]
    Corrupt {
        /// Which file or row.
        place: String,
        /// What does not fit.
        reason: String,
    },
    /// The disk is full.
    #[error("the disk is full: free some space; nothing of this request was kept")]
    Full,
    /// Storage was closed.
    #[error("storage is closed")]
    Closed,
    /// The disk or a library failed; our fault, not the caller's.
    #[error("{doing} failed: {source}")]
    Failed {
        /// What was being done.
        doing: String,
        /// What the disk or library said.
        source: Arc<dyn StdError + Send + Sync>,
    },
}

impl Error {
    /// Something below failed while `doing`; a full disk is [`Error::Full`].
    pub fn failed(doing: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source: Box<dyn StdError + Send + Sync> = source.into();
        if is_disk_full(source.as_ref()) {
            Self::Full
        } else {
            Self::Failed { doing: doing.into(), source: source.into() }
        }
    }

    pub(crate) fn corrupt(place: impl Into<String>, reason: impl ToString) -> Self {
        Self::Corrupt { place: place.into(), reason: reason.to_string() }
    }

    pub(crate) fn not_found(kind: &str, name: impl std::fmt::Display) -> Self {
        Self::NotFound { what: format!("{kind} `{name}`") }
    }
}

fn is_disk_full(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::StorageFull) {
            return true;
        }
        next = error.source();
    }
    false
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::corrupt("catalog.db", error),
            _ if matches!(error, rusqlite::Error::FromSqlConversionFailure(..)) => Self::corrupt("catalog.db", error),
            _ => Self::failed("using the catalog", error),
        }
    }
}
