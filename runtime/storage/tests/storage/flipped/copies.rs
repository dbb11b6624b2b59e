//! Fresh copies of a directory, in memory where the system has a place for that.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

pub struct Copies {
    original: PathBuf,
    place: TempDir,
}

impl Copies {
    pub fn of(original: &Path) -> Self {
        let place = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory");
        Self { original: original.to_owned(), place }
    }

    /// The copy, made anew.
    pub fn fresh(&self) -> PathBuf {
        let copied = self.place.path().join("copy");
        if copied.exists() {
            fs::remove_dir_all(&copied).expect("removes");
        }
        copy(&self.original, &copied);
        copied
    }
}

pub fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).expect("below"));
        fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        fs::copy(file, target).expect("copies");
    }
}

/// All files in a folder and below.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a listing").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
