//! The lock that keeps a data directory to one process.

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::Path,
};

use crate::Error;

/// Holds the data directory until dropped; a killed process lets go of it too.
pub(crate) struct Claim {
    _file: File,
}

impl Claim {
    /// Whether another process has the data directory.
    pub fn is_taken(dir: &Path) -> Result<bool, Error> {
        let failed = |error| Error::failed(format!("looking at the data directory {}", dir.display()), error);
        let file = match File::open(dir.join("lock")) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            opened => opened.map_err(failed)?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Creates the directory if need be and claims it.
    pub fn take(dir: &Path) -> Result<Self, Error> {
        let failed = |error| Error::failed(format!("opening the data directory {}", dir.display()), error);
        fs::create_dir_all(dir).map_err(failed)?;
        let file = File::options().create(true).truncate(false).write(true).open(dir.join("lock")).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.to_owned() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
