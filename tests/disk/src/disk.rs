//! The disk: what is on it, its power, and where it is mounted.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fuser::{BackgroundSession, Config, MountOption};

use crate::{fuse::Requests, image::Image, loss::Loss, power::Power};

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
    honesty: Honesty,
    session: Option<BackgroundSession>,
    folder: PathBuf,
}

impl Disk {
    /// Mounts an empty disk on a folder.
    ///
    /// # Errors
    /// When it can't be mounted there.
    pub fn mount(folder: &Path, honesty: Honesty) -> io::Result<Self> {
        let folder = folder.to_owned();
        let mut disk = Self { image: Arc::default(), power: Arc::default(), honesty, session: None, folder };
        disk.power_on()?;
        Ok(disk)
    }

    /// Its power.
    pub fn power(&self) -> &Arc<Power> {
        &self.power
    }

    /// Ends a power failure: what was not synced is lost, as told, and the disk is mounted anew.
    ///
    /// # Errors
    /// When a program still uses it: kill all of them, take the power off, and wait for their ends before.
    pub fn restart(&mut self, loss: Loss, random: &mut fastrand::Rng) -> io::Result<()> {
        self.unmount()?;
        self.image().lose(loss, random);
        self.power_on()
    }

    /// Keeps everything as it is now, like a machine that has been idle for a while.
    pub fn settle(&self) {
        self.image().sync_all();
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn power_on(&mut self) -> io::Result<()> {
        self.power.on();
        let requests = Requests::new(self.image.clone(), self.power.clone(), self.honesty);
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("forgetful".into()), MountOption::NoAtime];
        self.session = Some(fuser::spawn_mount(requests, &self.folder, &config)?);
        Ok(())
    }

    fn unmount(&mut self) -> io::Result<()> {
        self.power.off();
        match self.session.take().map_or(Ok(()), BackgroundSession::umount_and_join) {
            // It was unmounted while a request of a killed program was on its way here.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => Ok(()),
            ended => ended,
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(error) = self.unmount() {
            eprintln!("the disk stays mounted on {}: {error}", self.folder.display());
        }
    }
}
