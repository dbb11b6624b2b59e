//! The files beside the catalog: segments, datasets and plugins, through an object store.

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    path::{Path as DiskPath, PathBuf},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use driftline_core::Digest;
use futures::executor::block_on;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path};

use crate::{Error, Faults, Step, held};

/// The folders whose files the catalog lists.
const FOLDERS: [&str; 4] = ["segments", "rollups", "datasets", "plugins"];

/// Durable, immutable files.
pub(crate) struct Files {
    root: PathBuf,
    store: Arc<dyn ObjectStore>,
    faults: Arc<dyn Faults>,
    verified: Mutex<HashSet<Path>>,
}

impl Files {
    /// The files under `root`.
    pub fn open(root: &DiskPath, faults: Arc<dyn Faults>) -> Result<Self, Error> {
        let store =
            LocalFileSystem::new_with_prefix(root).map_err(|error| Error::failed("opening the files", error))?;
        Ok(Self { root: root.to_owned(), store: Arc::new(store), faults, verified: Mutex::default() })
    }

    /// The store itself; paths are relative to the data directory.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        self.store.clone()
    }

    /// Writes a new file and makes it durable: its bytes, and its name.
    pub fn put(&self, path: &Path, bytes: Bytes) -> Result<(), Error> {
        let short = self.faults.pass_write(Step::FileWrite)?;
        let bytes = if short.is_some() { bytes.slice(..bytes.len() / 2) } else { bytes };
        block_on(self.store.put(path, PutPayload::from_bytes(bytes)))
            .map_err(|error| Error::failed(format!("writing {path}"), error))?;
        short.map_or(Ok(()), Err)?;
        self.sync(path)?;
        held(&self.verified).insert(path.clone());
        Ok(())
    }

    /// Syncs the file, then each directory above it up to the root: any of them may be new.
    fn sync(&self, path: &Path) -> Result<(), Error> {
        let failed = |error| Error::failed(format!("syncing {path}"), error);
        let mut place = self.root.join(path.as_ref());
        self.faults.pass(Step::FileSync)?;
        sync(&place).map_err(failed)?;
        self.faults.pass(Step::FileSyncFolder)?;
        while place != self.root && place.pop() {
            sync(&place).map_err(failed)?;
        }
        Ok(())
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is missing or has another digest.
    pub fn get(&self, path: &Path, digest: &Digest) -> Result<Bytes, Error> {
        let bytes = block_on(async { self.store.get(path).await?.bytes().await }).map_err(|error| match error {
            object_store::Error::NotFound { .. } => Error::corrupt(path.as_ref(), "the file is missing"),
            error => Error::failed(format!("reading {path}"), error),
        })?;
        if Digest::of(&bytes) != *digest {
            return Err(Error::corrupt(path.as_ref(), "its digest is not the one in the catalog"));
        }
        Ok(bytes)
    }

    /// Checks a file against its digest, once in the life of this process; not
    /// if this process wrote it.
    pub fn verify(&self, path: &Path, digest: &Digest) -> Result<(), Error> {
        if !held(&self.verified).contains(path) {
            self.get(path, digest)?;
            held(&self.verified).insert(path.clone());
        }
        Ok(())
    }

    /// Deletes a file that nothing lists any more; one that is gone already is no error.
    pub fn remove(&self, path: &Path) -> Result<(), Error> {
        held(&self.verified).remove(path);
        match block_on(self.store.delete(path)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::failed(format!("deleting {path}"), error)),
        }
    }

    /// The paths of all files there are, half-written ones too.
    pub fn present(&self) -> Result<Vec<Path>, Error> {
        let mut found = Vec::new();
        for folder in FOLDERS {
            present(&self.root.join(folder), &mut found)
                .map_err(|error| Error::failed(format!("listing the folder {folder}"), error))?;
        }
        let relative =
            |path: &PathBuf| path.strip_prefix(&self.root).ok().map(|path| Path::from(path.to_string_lossy().as_ref()));
        Ok(found.iter().filter_map(relative).collect())
    }

    /// Removes every file but those in `listed`, what a crash left half-written too; gives how many.
    pub fn sweep(&self, listed: &HashSet<Path>) -> Result<usize, Error> {
        let mut swept = 0;
        let keep: HashSet<PathBuf> = listed.iter().map(|path| self.root.join(path.as_ref())).collect();
        for folder in FOLDERS {
            sweep(&self.root.join(folder), &keep, &mut swept)
                .map_err(|error| Error::failed(format!("sweeping the folder {folder}"), error))?;
        }
        Ok(swept)
    }
}

fn present(folder: &DiskPath, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            present(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn sync(place: &DiskPath) -> io::Result<()> {
    File::open(place)?.sync_all()
}

fn sweep(folder: &DiskPath, keep: &HashSet<PathBuf>, swept: &mut usize) -> io::Result<()> {
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
