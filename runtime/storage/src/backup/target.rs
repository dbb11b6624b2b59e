//! One file of a copy.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path as DiskPath, PathBuf},
};

use super::{sync, unwritten};
use crate::{Error, Faults, Step};

/// A file that is being written.
pub(super) struct Target<'a> {
    root: &'a DiskPath,
    place: PathBuf,
    file: File,
    /// How many more bytes are written.
    left: u64,
    /// What it fails with in the end because a test cuts it short.
    short: Option<Error>,
}

impl<'a> Target<'a> {
    /// The new file `path` of `bytes` bytes under `root`, and the directories above it.
    pub fn create(root: &'a DiskPath, path: &str, bytes: u64, faults: &dyn Faults) -> Result<Self, Error> {
        let place = root.join(path);
        let short = faults.pass_write(Step::BackupFile)?;
        let left = if short.is_some() { bytes / 2 } else { u64::MAX };
        let file = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(&place));
        let file = file.map_err(|error| unwritten(&place, error))?;
        Ok(Self { root, place, file, left, short })
    }

    /// Adds bytes.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), Error> {
        let length = piece.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= length as u64;
        self.file.write_all(&piece[..length]).map_err(|error| unwritten(&self.place, error))
    }

    /// Syncs the file, and the directories above it.
    pub fn finish(self) -> Result<(), Error> {
        let folders = || self.place.ancestors().skip(1).take_while(|folder| folder.starts_with(self.root));
        let synced = self.file.sync_all().and_then(|()| folders().try_for_each(sync));
        synced.map_err(|error| unwritten(&self.place, error))?;
        self.short.map_or(Ok(()), Err)
    }
}
