//! One flipped byte anywhere: everything reads as it was, or there is an error.

pub mod copies;
pub mod everything;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use driftline_storage::Options;
use tempfile::TempDir;

use crate::world::{World, open};
use copies::Copies;

/// The page size of the catalog.
const PAGE: usize = 8192;
/// In each page of the catalog and in each frame of its log: the header, every so many bytes, and the end.
const HEADER: usize = 24;
const STRIDE: usize = 509;
const END: usize = 9;

/// A small data directory of everything, closed, or as a crash leaves it.
struct Sample {
    dir: TempDir,
    options: Options,
    truth: String,
}

impl Sample {
    fn closed() -> Self {
        let world = World::new();
        everything::put(&world);
        let truth = everything::read(world.storage()).expect("reads");
        let (dir, options) = world.stop();
        Self { dir, options, truth }
    }

    /// As after an abort: the write-ahead log is full, the catalog's file is old.
    fn crashed() -> Self {
        let world = World::new();
        everything::put(&world);
        let truth = everything::read(world.storage()).expect("reads");
        let dir = TempDir::new().expect("a directory");
        copies::copy(world.dir.path(), dir.path());
        Self { dir, options: world.options.clone(), truth }
    }

    /// Flips `file` at each of `offsets`, one at a time; gives how often it was seen and how often it made no difference.
    fn flip(&self, file: &Path, offsets: impl IntoIterator<Item = usize>) -> (usize, usize) {
        let scratch = Copies::of(self.dir.path());
        let (mut seen, mut harmless) = (0, 0);
        for at in offsets {
            let dir = scratch.fresh();
            let path = dir.join(file);
            let mut bytes = fs::read(&path).expect("reads");
            bytes[at] ^= if at % 2 == 0 { 0xff } else { 1 << (at / 2 % 8) };
            fs::write(&path, bytes).expect("writes");
            let read = || open(&dir, &self.options).and_then(|storage| everything::read(&storage));
            match catch_unwind(AssertUnwindSafe(read)) {
                Ok(Err(_)) => seen += 1,
                Ok(Ok(found)) => {
                    assert_eq!(found, self.truth, "byte {at} of {}", file.display());
                    harmless += 1;
                }
                Err(_) => panic!("byte {at} of {}: a panic", file.display()),
            }
        }
        (seen, harmless)
    }

    fn length(&self, file: &Path) -> usize {
        fs::metadata(self.dir.path().join(file)).expect("the file").len() as usize
    }

    /// The files in a folder and below, relative to the data directory.
    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let files = copies::files(&self.dir.path().join(folder));
        files.iter().map(|file| file.strip_prefix(self.dir.path()).expect("below").to_owned()).collect()
    }
}

/// Offsets in pieces of `piece` bytes from `start` on: the first of each, every so many, the last.
fn sampled(start: usize, length: usize, piece: usize) -> impl Iterator<Item = usize> {
    (start..length).filter(move |at| {
        let within = (at - start) % piece;
        within < HEADER || within.is_multiple_of(STRIDE) || within >= piece - END
    })
}

#[test]
fn in_the_catalog_is_an_error_or_makes_no_difference() {
    let (sample, file) = (Sample::closed(), Path::new("catalog.db"));
    assert!(!sample.dir.path().join("catalog.db-wal").exists());
    let (seen, harmless) = sample.flip(file, sampled(0, sample.length(file), PAGE));
    // Pages of tables that are empty here, and of indices that only maintenance asks, are not read.
    assert!(seen > harmless, "{seen} seen, {harmless} harmless: most was read, so most must be seen");
}

#[test]
fn in_the_write_ahead_log_is_an_error() {
    let (sample, file) = (Sample::crashed(), Path::new("catalog.db-wal"));
    let length = sample.length(file);
    let header = sample.flip(file, 0..32);
    let frames = sample.flip(file, sampled(32, length, 24 + PAGE));
    assert_eq!((header.1, frames.1), (0, 0), "every frame is part of an acknowledged commit");
}

#[test]
fn in_the_catalog_under_a_write_ahead_log_is_an_error_or_makes_no_difference() {
    let (sample, file) = (Sample::crashed(), Path::new("catalog.db"));
    sample.flip(file, sampled(0, sample.length(file), PAGE));
}

#[test]
fn in_the_mark_or_the_shared_memory_makes_no_difference() {
    let sample = Sample::crashed();
    for file in ["catalog.mark", "catalog.db-shm"] {
        let file = Path::new(file);
        let length = sample.length(file).min(200);
        let (seen, harmless) = sample.flip(file, 0..length);
        assert_eq!((seen, harmless), (0, length), "{}", file.display());
    }
}

#[test]
fn in_a_file_is_an_error() {
    let sample = Sample::closed();
    for folder in ["segments", "datasets", "plugins"] {
        let files = sample.files(folder);
        assert!(!files.is_empty(), "{folder}");
        for file in files {
            let length = sample.length(&file);
            let offsets = (0..length).step_by(length.div_ceil(60));
            let (_, harmless) = sample.flip(&file, offsets);
            assert_eq!(harmless, 0, "{}", file.display());
        }
    }
}
