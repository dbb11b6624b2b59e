//! Deletes replaced files when no reader and no backup can need them.

use crate::{Error, Step, Storage, backup_lock::NoBackup, storage::Inner};

impl Storage {
    /// Deletes the replaced files that no reader and no backup can need; gives how many that were.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn delete_replaced(&self) -> Result<usize, Error> {
        reap(&self.inner)
    }
}

/// Deletes what is free now, and what failures left behind; gives how many files that were. What
/// remains is tried again later, or swept at the next start.
pub(crate) fn reap(inner: &Inner) -> Result<usize, Error> {
    inner.settle()?;
    if inner.pins.next_free().is_none() {
        return Ok(0);
    }
    let Some(_alone) = NoBackup::try_take(&inner.dir)? else { return Ok(0) };
    let mut reaped = 0;
    while let Some(path) = inner.pins.next_free() {
        inner.options.faults.pass(Step::FileDelete)?;
        inner.files.remove(&path)?;
        inner.pins.freed();
        reaped += 1;
    }
    Ok(reaped)
}
