//! The lock between backups, which copy listed files, and the deletion of files.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use crate::Error;

/// While it is held, no backup runs. A backup holds the same lock shared, from
/// before it reads the catalog until it has copied every file that this lists.
pub(crate) struct NoBackup {
    _file: File,
}

impl NoBackup {
    /// Takes the lock; `None` while a backup of `dir` runs.
    pub fn try_take(dir: &Path) -> Result<Option<Self>, Error> {
        let failed = |error| Error::failed("locking out backups", error);
        let file =
            File::options().create(true).truncate(false).write(true).open(dir.join("backup.lock")).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
