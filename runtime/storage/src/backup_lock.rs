//! The lock between backups, which copy listed files, and the deletion of files.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use crate::Error;

/// While one is held, by whatever process, no file is deleted that was listed when it began.
///
/// A backup holds one from before it reads the catalog until it has copied every file that this lists.
pub(crate) struct Copying {
    _file: File,
}

impl Copying {
    /// Begins; waits while files are being deleted, which is short.
    pub fn begin(dir: &Path) -> Result<Self, Error> {
        let failed = |error| Error::failed(format!("keeping the files of {} from being deleted", dir.display()), error);
        let file = open(dir).map_err(failed)?;
        file.lock_shared().map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn open(dir: &Path) -> std::io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(dir.join("backup.lock"))
}

/// While it is held, nothing is being copied.
pub(crate) struct NoBackup {
    _file: File,
}

impl NoBackup {
    /// Takes the lock; `None` while a backup of `dir` runs.
    pub fn try_take(dir: &Path) -> Result<Option<Self>, Error> {
        let failed = |error| Error::failed("locking out backups", error);
        let file = open(dir).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
