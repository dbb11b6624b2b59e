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

    /// Syncs the file.
    pub fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(self.root.join(path.as_ref()))?.sync_all()
    }

    /// Syncs each directory above the file up to the root: any of them may be new.
    pub fn sync_folders(&self, path: &Path) -> io::Result<()> {
        let mut place = self.root.join(path.as_ref());
        while place != self.root && place.pop() {
            File::open(&place)?.sync_all()?;
        }
        Ok(())
    }

    /// The paths of all files; half-written ones too, which the store itself would not show.
    pub fn present(&self) -> Result<Vec<Path>, Error> {
        let relative =
            |path: &PathBuf| path.strip_prefix(&self.root).ok().map(|path| Path::from(path.to_string_lossy().as_ref()));
        Ok(self.found()?.iter().filter_map(relative).collect())
    }

    /// Removes every file but those in `listed`; gives how many.
    pub fn sweep(&self, listed: &HashSet<Path>) -> Result<usize, Error> {
        let keep: HashSet<PathBuf> = listed.iter().map(|path| self.root.join(path.as_ref())).collect();
        let stray: Vec<PathBuf> = self.found()?.into_iter().filter(|path| !keep.contains(path)).collect();
        stray.iter().try_for_each(fs::remove_file).map_err(|error| Error::failed("sweeping the files", error))?;
        Ok(stray.len())
    }

    fn found(&self) -> Result<Vec<PathBuf>, Error> {
        let mut found = Vec::new();
        for folder in FOLDERS {
            walk(&self.root.join(folder), &mut found)
                .map_err(|error| Error::failed(format!("listing the folder {folder}"), error))?;
        }
        Ok(found)
    }
}

/// Adds the files under `folder`, if there is one, to `found`.
pub(super) fn walk(folder: &DiskPath, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}
