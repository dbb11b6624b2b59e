//! Files for a while: nameless, so that nothing remains of them, whatever happens.

use std::{
    fs::{self, File},
    path::Path,
};

use crate::{Error, Storage};

/// The folder they are made in, because it is on the disk of the data.
const FOLDER: &str = "scratch";

impl Storage {
    /// An empty file on the disk of the data directory. It has no name and is
    /// gone when it is closed, also by a crash.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn scratch(&self) -> Result<File, Error> {
        self.inner.scratch()
    }
}

/// Makes the folder, and clears it of what a system without nameless files may have left in it.
pub(crate) fn prepare(dir: &Path) -> Result<(), Error> {
    let folder = dir.join(FOLDER);
    let clear = || {
        fs::create_dir_all(&folder)?;
        fs::read_dir(&folder)?.try_for_each(|entry| fs::remove_file(entry?.path()))
    };
    clear().map_err(|error| Error::failed(format!("clearing {}", folder.display()), error))
}

/// An empty file in the folder of `dir`.
pub(crate) fn file(dir: &Path) -> Result<File, Error> {
    tempfile::tempfile_in(dir.join(FOLDER)).map_err(|error| Error::failed("making a file for a while", error))
}
