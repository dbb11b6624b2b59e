//! Copies a data directory to a backup, and a backup to a data directory.

mod manifest;
mod restore;
mod target;

pub(crate) use restore::refuse_half_restored;
pub use restore::restore;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path as DiskPath,
};

use driftline_core::{Digest, Digester};

use crate::{
    Error, Options, Step,
    backup_lock::Copying,
    catalog::Catalog,
    files::Files,
    listed::{self, ListedFile},
};
use manifest::{CATALOG, Manifest};
use target::Target;

/// Files are read in pieces of this size.
const PIECE: usize = 1 << 20;

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// How many files, the catalog among them.
    pub files: u64,
    /// How many bytes they have together.
    pub bytes: u64,
}

impl Copied {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// Copies the data directory `data` to the new directory `to`, as it is at one instant. A server may be running on
/// it: everything it acknowledged before this began is in the copy.
///
/// Every file is checked against its digest on the way, and synced. The manifest comes last: without it
/// [`restore`] refuses the copy.
///
/// # Errors
/// [`Error::Backup`] when `to` is not empty, [`Error::NotFound`] without a data directory, [`Error::Corrupt`] when
/// something in it is damaged, and what the disks say.
pub fn backup(data: &DiskPath, to: &DiskPath, options: &Options) -> Result<Copied, Error> {
    let faults = options.faults.as_ref();
    if !data.join(CATALOG).exists() {
        return Err(Error::not_found("catalog", data.join(CATALOG).display()));
    }
    make_empty(to)?;
    // From here on every file stays that the catalog lists.
    let _copying = Copying::begin(data)?;
    faults.pass(Step::BackupCatalog)?;
    let target = to.join(CATALOG);
    Catalog::beside(data)?.copy(&target)?;
    let mut manifest = Manifest::default();
    let (bytes, digest) = read(&target, |error| unwritten(&target, error), |_| Ok(()))?;
    manifest.files.push(ListedFile { path: CATALOG.into(), bytes, digest });
    let files = Files::open(data, options)?;
    for file in Catalog::beside(to)?.read(listed::all)? {
        let mut target = Target::create(to, file.path.as_ref(), file.bytes, faults)?;
        files.copy(&file.path, &file.digest, |piece| target.write(piece))?;
        target.finish()?;
        manifest.files.push(file);
    }
    faults.pass(Step::BackupManifest)?;
    manifest.write(to, options.clock.now())?;
    Ok(manifest.copied())
}

/// Makes the directory, or takes an empty one.
fn make_empty(dir: &DiskPath) -> Result<(), Error> {
    let failed = |error| Error::failed(format!("making the directory {}", dir.display()), error);
    fs::create_dir_all(dir).map_err(failed)?;
    match fs::read_dir(dir).map_err(failed)?.next() {
        None => Ok(()),
        Some(_) => Err(Error::Backup(format!("{} is not empty: choose a new directory", dir.display()))),
    }
}

/// Gives the bytes of a file on disk to `take`, piece by piece; gives how many there are, and their digest.
fn read(
    place: &DiskPath,
    failed: impl Fn(io::Error) -> Error,
    mut take: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(u64, Digest), Error> {
    let mut file = File::open(place).map_err(&failed)?;
    let (mut bytes, mut digester, mut buffer) = (0, Digester::default(), vec![0; PIECE]);
    loop {
        let piece = match file.read(&mut buffer) {
            Ok(0) => return Ok((bytes, digester.finish())),
            Ok(length) => &buffer[..length],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        bytes += piece.len() as u64;
        digester.update(piece);
        take(piece)?;
    }
}

fn sync(place: &DiskPath) -> io::Result<()> {
    File::open(place)?.sync_all()
}

fn unwritten(place: &DiskPath, error: io::Error) -> Error {
    Error::failed(format!("writing {}", place.display()), error)
}
