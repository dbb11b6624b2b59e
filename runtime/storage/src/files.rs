//! The files beside the catalog: segments, datasets and plugins, through an object store.

mod disk;
mod near;
mod new_file;
mod owner;
mod remote;

pub(crate) use new_file::{NewFile, Written};

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    path::Path as DiskPath,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use driftline_core::{Digest, Digester};
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use rusqlite::Connection;

use crate::{Error, Faults, Options, Place, Step, doubtful::Doubtful, held};
use disk::Disk;
use remote::Remote;

/// The folders whose files the catalog lists.
const FOLDERS: [&str; 4] = ["segments", "rollups", "datasets", "plugins"];
/// Files are written and checked in pieces of this size; S3 wants parts of at least 5 MiB, all of one size.
const PIECE: usize = 8 << 20;
/// How many pieces are on their way at once.
const PIECES: usize = 4;

/// Durable, immutable files. Its functions block; call them from threads that may.
pub(crate) struct Files {
    home: Home,
    place: Place,
    faults: Arc<dyn Faults>,
    verified: Mutex<HashSet<Path>>,
    turns: Mutex<HashMap<Path, Arc<Mutex<()>>>>,
    /// Files that may or may not be needed.
    pub doubtful: Doubtful,
}

enum Home {
    Disk(Disk),
    Remote(Remote),
}

impl Files {
    /// The files of the data directory `dir`, which are where `options` say.
    pub fn open(dir: &DiskPath, options: &Options) -> Result<Self, Error> {
        let (place, faults) = (options.place.clone(), options.faults.clone());
        let home = match &place {
            Place::DataDirectory => Home::Disk(Disk::open(dir)?),
            Place::S3(s3) => Home::Remote(Remote::open(dir, s3)?),
        };
        let (verified, turns, doubtful) = Default::default();
        Ok(Self { home, place, faults, verified, turns, doubtful })
    }

    /// Makes sure that the place is the one that holds the files which the catalog lists, if any.
    pub fn claim(&self, catalog: &Connection, any_listed: bool) -> Result<(), Error> {
        owner::claim(self, catalog, any_listed)
    }

    /// Binds the place, which has no files yet, to a catalog that was restored from a backup.
    pub fn adopt(&self, catalog: &Connection) -> Result<(), Error> {
        owner::adopt(self, catalog)
    }

    /// The store itself; paths are relative to the data directory or to the prefix.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        match &self.home {
            Home::Disk(disk) => disk.store.clone(),
            Home::Remote(remote) => remote.store.clone(),
        }
    }

    /// Runs what uses the store to its end. The thread must not be one that runs futures.
    pub fn wait<F: Future>(&self, work: F) -> F::Output {
        match &self.home {
            Home::Disk(_) => futures::executor::block_on(work),
            Home::Remote(remote) => remote.block_on(work),
        }
    }

    /// Writes a new file and makes it durable: its bytes, and its name.
    pub fn put(self: &Arc<Self>, path: &Path, bytes: Bytes) -> Result<(), Error> {
        let mut file = NewFile::new(self.clone(), path.clone());
        file.push(bytes)?;
        file.finish().map(drop)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is missing or has another digest.
    pub fn get(&self, path: &Path, digest: &Digest) -> Result<Bytes, Error> {
        let bytes =
            self.wait(async { self.store().get(path).await?.bytes().await }).map_err(|error| unread(path, error))?;
        if Digest::of(&bytes) != *digest {
            return Err(other_bytes(path));
        }
        Ok(bytes)
    }

    /// Checks a file against its digest, once in the life of this process; not
    /// if this process wrote it. A remote file is fetched once for it, and kept near by.
    pub fn verify(&self, path: &Path, digest: &Digest) -> Result<(), Error> {
        if held(&self.verified).contains(path) {
            return Ok(());
        }
        // Whoever wants the same file meanwhile waits instead of reading it too.
        let turn = held(&self.turns).entry(path.clone()).or_default().clone();
        let _turn = held(&turn);
        if held(&self.verified).contains(path) {
            return Ok(());
        }
        let result = self.check(path, digest);
        if result.is_ok() {
            held(&self.verified).insert(path.clone());
        }
        held(&self.turns).remove(path);
        result
    }

    fn check(&self, path: &Path, digest: &Digest) -> Result<(), Error> {
        let Home::Remote(remote) = &self.home else {
            return self.copy(path, digest, |_| Ok(()));
        };
        if remote.near.admit_found(path, digest) {
            return Ok(());
        }
        let mut draft = remote.near.draft(path);
        self.copy(path, digest, |piece| {
            if let Some(draft) = &mut draft {
                draft.write(piece);
            }
            Ok(())
        })?;
        if let Some(draft) = draft {
            draft.keep();
        }
        Ok(())
    }

    /// Gives the bytes of a file to `take`, piece by piece.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is missing or has another digest, which is known when all was taken; and what `take`
    /// gives.
    pub fn copy(
        &self,
        path: &Path,
        digest: &Digest,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let store = self.store();
        let reading = async {
            let size = store.head(path).await.map_err(|error| unread(path, error))?.size;
            let pieces = (0..size).step_by(PIECE).map(|start| start..(start + PIECE as u64).min(size));
            let mut pieces = futures::stream::iter(pieces)
                .map(|piece| {
                    let store = store.clone();
                    async move { store.get_range(path, piece).await }
                })
                .buffered(PIECES);
            let mut digester = Digester::default();
            while let Some(piece) = pieces.try_next().await.map_err(|error| unread(path, error))? {
                digester.update(&piece);
                take(&piece)?;
            }
            if digester.finish() == *digest { Ok(()) } else { Err(other_bytes(path)) }
        };
        self.wait(reading)
    }

    /// Deletes a file that nothing lists any more; one that is gone already is no error.
    pub fn remove(&self, path: &Path) -> Result<(), Error> {
        held(&self.verified).remove(path);
        let removed = match &self.home {
            Home::Disk(disk) => self.wait(disk.store.delete(path)),
            Home::Remote(remote) => {
                remote.near.forget(path);
                remote.remove(std::slice::from_ref(path))
            }
        };
        match removed {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::failed(format!("deleting {path} from {}", self.place), error)),
        }
    }

    /// The paths of all files there are, half-written ones too.
    pub fn present(&self) -> Result<Vec<Path>, Error> {
        match &self.home {
            Home::Disk(disk) => disk.present(),
            Home::Remote(remote) => remote.present(),
        }
    }

    /// Removes every file but those in `listed`, what a crash left half-written too; gives how many.
    pub fn sweep(&self, listed: &HashSet<Path>) -> Result<usize, Error> {
        match &self.home {
            Home::Disk(disk) => disk.sweep(listed),
            Home::Remote(remote) => remote.sweep(listed),
        }
    }

    /// What is left to do before a written file counts as durable.
    fn settle(&self, path: &Path) -> Result<(), Error> {
        if let Home::Disk(disk) = &self.home {
            let failed = |error| Error::failed(format!("syncing {path}"), error);
            self.faults.pass(Step::FileSync)?;
            disk.sync(path).map_err(failed)?;
            self.faults.pass(Step::FileSyncFolder)?;
            disk.sync_folders(path).map_err(failed)?;
        }
        held(&self.verified).insert(path.clone());
        Ok(())
    }

    fn unwritten(&self, path: &Path, error: object_store::Error) -> Error {
        Error::failed(format!("writing {path} to {}", self.place), error)
    }
}

fn unread(path: &Path, error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => Error::corrupt(path.as_ref(), "the file is missing"),
        error => Error::failed(format!("reading {path}"), error),
    }
}

fn other_bytes(path: &Path) -> Error {
    Error::corrupt(path.as_ref(), "its digest is not the one in the catalog")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_copied_in_pieces_and_known_by_its_digest() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let files = Arc::new(Files::open(dir.path(), &Options::default()).expect("opens"));
        let path = Path::from("segments/1/large.parquet");
        let bytes: Vec<u8> = (0..2 * PIECE as u32 + 5).map(|n| (n % 251) as u8).collect();
        files.put(&path, bytes.clone().into()).expect("written");
        let (mut copy, mut largest) = (Vec::new(), 0);
        let mut take = |piece: &[u8]| {
            copy.extend_from_slice(piece);
            largest = largest.max(piece.len());
            Ok(())
        };
        files.copy(&path, &Digest::of(&bytes), &mut take).expect("copied");
        assert!(matches!(files.copy(&path, &Digest::of(b"other"), |_| Ok(())), Err(Error::Corrupt { .. })));
        assert!(matches!(files.copy(&path, &Digest::of(&bytes), |_| Err(Error::Closed)), Err(Error::Closed)));
        assert_eq!((copy == bytes, largest), (true, PIECE));
    }
}
