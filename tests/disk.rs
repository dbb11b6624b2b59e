//! A disk that forgets what was not synced when its power fails.
//!
//! It is a file system in memory, mounted through FUSE. Each file and each name exists twice: as programs see it, and as
//! it would be found after a power failure; `fsync` of a file or a folder, and nothing else, brings the second up to the
//! first. It is stricter than real ones: syncing a file does not keep its name, nor syncing a folder the folder's own.

mod bytes;
mod fuse;
mod image;
mod loss;
mod names;
mod power;

use std::{
    fs::OpenOptions,
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
};

use fuser::{BackgroundSession, Config, MountOption};
use tempfile::TempDir;

pub use loss::Loss;

use fuse::Requests;
use image::Image;
use power::Power;

/// Set where a machine must be able to mount disks: there, not being able to is a failure and no reason to skip.
const REQUIRED: &str = "DRIFTLINE_TEST_DISKS";

/// How the disk answers a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Honesty {
    /// When the data are kept.
    Honest,
    /// At once, and keeps nothing: what the tests must notice.
    Lying,
}

/// A mounted disk; unmounted when dropped.
pub struct Disk {
    image: Arc<Mutex<Image>>,
    power: Arc<Power>,
    sync: Honesty,
    session: Option<BackgroundSession>,
    folder: TempDir,
}

impl Disk {
    /// Mounts an empty disk. None, with a line that says so, where that is impossible.
    pub fn mount(sync: Honesty) -> Option<Self> {
        if let Err(error) = OpenOptions::new().read(true).write(true).open("/dev/fuse") {
            assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, but /dev/fuse can't be opened: {error}");
            // Not by println, which shows nothing when the test passes.
            let _ = writeln!(std::io::stderr(), "SKIPPED, proves nothing: /dev/fuse can't be opened ({error})");
            return None;
        }
        let folder = TempDir::new().expect("a temporary directory");
        let mut disk = Self { image: Arc::default(), power: Arc::default(), sync, session: None, folder };
        disk.power_on();
        Some(disk)
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets the power fail at the `changes`th change or sync from now: that one and all later requests get no answer.
    pub fn fail_after(&self, changes: u64) {
        self.power.fail_after(changes);
    }

    /// Returns once the power has failed.
    pub async fn failed(&self) {
        self.power.failed().await;
    }

    /// Takes the power away: whoever waits for the disk gets an error.
    pub fn power_off(&self) {
        self.power.off();
    }

    /// Ends a power failure: what was not synced is lost, as told, and the disk is mounted anew.
    ///
    /// Every program that uses the disk must have been sent a SIGKILL before; and have ended.
    pub fn restart(&mut self, loss: Loss, random: &mut fastrand::Rng) {
        self.power_off();
        if let Some(session) = self.session.take() {
            session.umount_and_join().expect("the disk is unmounted once nobody uses it");
        }
        self.image.lock().expect("the image").lose(loss, random);
        self.power_on();
    }

    /// Keeps everything as it is now, like a machine that has been idle for a while.
    pub fn settle(&self) {
        self.image.lock().expect("the image").sync_all();
    }

    fn power_on(&mut self) {
        self.power.on();
        let requests = Requests::new(self.image.clone(), self.power.clone(), self.sync);
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("forgetful".into()), MountOption::NoAtime];
        self.session = Some(fuser::spawn_mount(requests, self.path(), &config).expect("the disk is mounted"));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.power_off();
        if let Some(session) = self.session.take() {
            let _ = session.umount_and_join();
        }
    }
}
