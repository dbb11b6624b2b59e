//! Files in the data directory.

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    path::{Path as DiskPath, PathBuf},
    sync::Arc,
};

use object_store::{ObjectStore, local::LocalFileSystem, path::Path};

use super::FOLDERS;
use crate::Error;

/// The local file system under the data directory.
pub(super) struct Disk {
    root: PathBuf,
    pub store: Arc<dyn ObjectStore>,
}

impl Disk {
    pub fn open(root: &DiskPath) -> Result<Self, Error> {
        let store =
            LocalFileSystem::new_with_prefix(root).map_err(|error| Error::failed("opening the files", error))?;
        Ok(Self { root: root.to_owned(), store: Arc::new(store) })
    }

    /// Syncs the file, then each directory above it up to the root: any of them may be new.
    pub fn sync(&self, path: &Path) -> io::Result<()> {
        let mut place = self.root.join(path.as_ref());
        File::open(&place)?.sync_all()?;
        while place != self.root && place.pop() {
            File::open(&place)?.sync_all()?;
        }
        Ok(())
    }

    /// Removes every file but those in `listed`; the store itself would not show what is half-written.
    pub fn sweep(&self, listed: &HashSet<Path>) -> Result<usize, Error> {
        let keep: HashSet<PathBuf> = listed.iter().map(|path| self.root.join(path.as_ref())).collect();
        let mut swept = 0;
        for folder in FOLDERS {
            sweep(&self.root.join(folder), &keep, &mut swept)
                .map_err(|error| Error::failed(format!("sweeping the folder {folder}"), error))?;
        }
        Ok(swept)
    }
}

/// Removes the files under `folder` but those in `keep`, and counts them.
pub(super) fn sweep(folder: &DiskPath, keep: &HashSet<PathBuf>, swept: &mut usize) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sweep(&entry.path(), keep, swept)?;
        } else if !keep.contains(&entry.path()) {
            fs::remove_file(entry.path())?;
            *swept += 1;
        }
    }
    Ok(())
}
