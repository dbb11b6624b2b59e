//! The list of a backup's files, written last.

use std::{fmt::Write, fs, path::Path};

use driftline_core::{Digest, Time};

use super::{Copied, sync, unwritten};
use crate::{Error, listed::ListedFile};

/// The catalog's file.
pub(super) const CATALOG: &str = "catalog.db";
/// The manifest's file: a first line that says what it is, one line a file (SHA-256, bytes, path), and a last line with the
/// SHA-256 of all lines before.
const MANIFEST: &str = "MANIFEST";
const TITLE: &str = "driftline backup 1";

/// The files of a backup; the catalog is the first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub files: Vec<ListedFile>,
}

impl Manifest {
    /// What the files come to.
    pub fn copied(&self) -> Copied {
        let mut copied = Copied::default();
        self.files.iter().for_each(|file| copied.add(file.bytes));
        copied
    }

    /// Writes it into the backup `dir`, whole or not at all.
    pub fn write(&self, dir: &Path, now: Time) -> Result<(), Error> {
        let (draft, place) = (dir.join("MANIFEST.new"), dir.join(MANIFEST));
        fs::write(&draft, self.text(now))
            .and_then(|()| sync(&draft))
            .and_then(|()| fs::rename(&draft, &place))
            .and_then(|()| sync(dir))
            .map_err(|error| unwritten(&place, error))
    }

    /// Reads that of the backup `dir`.
    ///
    /// # Errors
    /// [`Error::Backup`] when there is none, or it is not as it was written.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let place = dir.join(MANIFEST);
        let text = fs::read_to_string(&place).map_err(|error| {
            Error::Backup(format!(
                "{} can't be read ({error}): it is no backup, or one that was not finished",
                place.display()
            ))
        })?;
        Self::parse(&text).ok_or_else(|| Error::Backup(format!("{} is damaged: take another backup", place.display())))
    }

    fn text(&self, now: Time) -> String {
        let mut text = format!("{TITLE} of {now}\n");
        for file in &self.files {
            let _infallible = writeln!(text, "{} {} {}", file.digest, file.bytes, file.path);
        }
        let end = Digest::of(text.as_bytes());
        format!("{text}end {end}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let (lines, end) = text.strip_suffix('\n')?.rsplit_once('\n')?;
        let whole = Digest::of(format!("{lines}\n").as_bytes()).to_string();
        if !text.starts_with(TITLE) || end.strip_prefix("end ")? != whole {
            return None;
        }
        let files = lines.lines().skip(1).map(|line| {
            let mut words = line.splitn(3, ' ');
            let digest = words.next()?.parse().ok()?;
            let bytes = words.next()?.parse().ok()?;
            Some(ListedFile { digest, bytes, path: object_store::path::Path::parse(words.next()?).ok()? })
        });
        Some(Self { files: files.collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_reads_back_as_written_and_every_flipped_byte_is_seen() {
        let file = |path: &str, bytes| ListedFile { path: path.into(), bytes, digest: Digest::of(path.as_bytes()) };
        let manifest = Manifest { files: vec![file(CATALOG, 8192), file("segments/1/a b.parquet", 0)] };
        let text = manifest.text(Time::EPOCH);
        assert_eq!(Manifest::parse(&text).as_ref(), Some(&manifest));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert_eq!(Manifest::parse(&String::from_utf8_lossy(&bytes)), None, "byte {at}");
            assert_eq!(Manifest::parse(&text[..at]), None, "cut at {at}");
        }
    }
}
