//! A small disk of its own, where the test may mount one.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// When set, a test that can't mount a disk fails instead of being skipped.
const REQUIRED: &str = "DRIFTLINE_TEST_DISKS";

/// A disk in memory; gone when dropped.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// A disk of so many MiB; `None` where the system does not allow one, which is said aloud.
    pub fn mount(mib: u32) -> Option<Self> {
        let disk = Self { folder: TempDir::new().expect("a directory") };
        if mount(&["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"], disk.path()) {
            return Some(disk);
        }
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, but a disk can't be mounted");
        eprintln!("SKIPPED: only root may mount a disk; set {REQUIRED} to make this a failure");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A directory on it.
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// How much of it is taken.
    pub fn used_bytes(&self) -> u64 {
        let output = Command::new("df").args(["--output=used", "-B1"]).arg(self.path()).output().expect("df runs");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        printed.lines().nth(1).and_then(|line| line.trim().parse().ok()).expect("a number of bytes")
    }

    /// Leaves no byte free.
    pub fn fill(&self) {
        let mut filler = File::create(self.path().join("filler")).expect("a file");
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    /// Makes it larger or smaller.
    pub fn resize(&self, mib: u32) {
        self.remount(&format!("size={mib}m"));
    }

    /// Has it take no writes, or take them again. No file may be open for writing.
    pub fn set_read_only(&self, read_only: bool) {
        self.remount(if read_only { "ro" } else { "rw" });
    }

    fn remount(&self, option: &str) {
        assert!(mount(&["-o", &format!("remount,{option}")], self.path()), "remount {option}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn mount(options: &[&str], place: &Path) -> bool {
    Command::new("mount").args(options).arg(place).output().is_ok_and(|output| output.status.success())
}
