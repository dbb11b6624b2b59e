//! Copies a data directory to a backup, and a backup to a data directory.

mod manifest;
mod restore;

pub(crate) use restore::refuse_half_restored;
pub use restore::restore;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path as DiskPath,
};

use bytes::Bytes;
use driftline_core::Digest;

use crate::{
    Error, Faults, Options, Step,
    backup_lock::Copying,
    catalog::Catalog,
    files::Files,
    listed::{self, ListedFile},
};
use manifest::{CATALOG, Manifest};

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
    let bytes = fs::read(&target).map_err(|error| unwritten(&target, error))?;
    let catalog = ListedFile { path: CATALOG.into(), bytes: bytes.len() as u64, digest: Digest::of(&bytes) };
    manifest.files.push(catalog);
    let files = Files::open(data, options)?;
    for file in Catalog::beside(to)?.read(listed::all)? {
        let bytes = files.get(&file.path, &file.digest)?;
        write(to, file.path.as_ref(), &bytes, faults)?;
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

/// Writes one file and syncs it, and the directories above it.
fn write(root: &DiskPath, path: &str, bytes: &Bytes, faults: &dyn Faults) -> Result<(), Error> {
    let place = root.join(path);
    let short = faults.pass_write(Step::BackupFile)?;
    let written = if short.is_some() { &bytes[..bytes.len() / 2] } else { bytes };
    let writing = || {
        place.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut file = File::create(&place)?;
        file.write_all(written)?;
        file.sync_all()?;
        place.ancestors().skip(1).take_while(|folder| folder.starts_with(root)).try_for_each(sync)
    };
    writing().map_err(|error| unwritten(&place, error))?;
    short.map_or(Ok(()), Err)
}

fn sync(place: &DiskPath) -> io::Result<()> {
    File::open(place)?.sync_all()
}

fn unwritten(place: &DiskPath, error: io::Error) -> Error {
    Error::failed(format!("writing {}", place.display()), error)
}
