//! Makes a data directory of a backup.

use std::{
    fs::{self, File},
    path::{Path as DiskPath, PathBuf},
    sync::Arc,
};

use super::{
    Copied, make_empty,
    manifest::{CATALOG, Manifest},
    read, sync,
    target::Target,
    unwritten,
};
use crate::{
    Error, Options, Step,
    catalog::Catalog,
    files::{Files, NewFile},
    listed::ListedFile,
};

/// While this is in a directory, it holds only a part of the backup.
const UNFINISHED: &str = "restore-unfinished";

/// Makes the new data directory `to` of the backup `from`, its files where `options` say.
///
/// Every file is checked against the manifest on the way. A restore that is cut off leaves a directory that can't be
/// opened.
///
/// # Errors
/// [`Error::Backup`] when the backup was not finished or is damaged (it says which file), or when `to` is not empty.
pub fn restore(from: &DiskPath, to: &DiskPath, options: &Options) -> Result<Copied, Error> {
    let manifest = Manifest::read(from)?;
    manifest.files.iter().try_for_each(|file| check_length(from, file))?;
    make_empty(to)?;
    let unfinished = to.join(UNFINISHED);
    File::create(&unfinished).and_then(|_| sync(to)).map_err(|error| unwritten(&unfinished, error))?;
    let faults = options.faults.as_ref();
    let files = Arc::new(Files::open(to, options)?);
    for file in &manifest.files {
        if file.path.as_ref() == CATALOG {
            let mut target = Target::create(to, CATALOG, file.bytes, faults)?;
            copy(from, file, |piece| target.write(piece))?;
            target.finish()?;
            let (_catalog, connection, _mark) = Catalog::open(to)?;
            files.adopt(&connection)?;
        } else {
            let mut new = NewFile::new(files.clone(), file.path.clone());
            copy(from, file, |piece| new.extend(piece))?;
            new.finish()?;
        }
    }
    faults.pass(Step::RestoreDone)?;
    fs::remove_file(&unfinished).and_then(|()| sync(to)).map_err(|error| unwritten(&unfinished, error))?;
    Ok(manifest.copied())
}

/// # Errors
/// [`Error::Backup`] when a restore into `dir` did not finish.
pub(crate) fn refuse_half_restored(dir: &DiskPath) -> Result<(), Error> {
    if !dir.join(UNFINISHED).exists() {
        return Ok(());
    }
    Err(Error::Backup(format!("the restore into {} did not finish: empty it and restore again", dir.display())))
}

fn check_length(from: &DiskPath, file: &ListedFile) -> Result<(), Error> {
    match fs::metadata(place(from, file)) {
        Ok(metadata) if metadata.len() == file.bytes => Ok(()),
        Ok(metadata) => Err(damaged(from, file, &format!("it has {} bytes instead of {}", metadata.len(), file.bytes))),
        Err(error) => Err(damaged(from, file, &error.to_string())),
    }
}

/// Gives the bytes of a file of the backup to `take`, piece by piece.
///
/// # Errors
/// [`Error::Backup`] when it is not as the manifest says, which is known when all was taken.
fn copy(from: &DiskPath, file: &ListedFile, take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
    let (_, digest) = read(&place(from, file), |error| damaged(from, file, &error.to_string()), take)?;
    match digest == file.digest {
        true => Ok(()),
        false => Err(damaged(from, file, "its SHA-256 is not the one in the manifest")),
    }
}

fn place(from: &DiskPath, file: &ListedFile) -> PathBuf {
    from.join(file.path.as_ref())
}

fn damaged(from: &DiskPath, file: &ListedFile, reason: &str) -> Error {
    Error::Backup(format!("{} is damaged ({reason}): take another backup", place(from, file).display()))
}
