//! The kernel's requests, answered from the image.

use std::{
    ffi::OsStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use crate::{bytes::Bytes, disk::Honesty, image::Image, names::Node, power::Power};

/// Only the kernel changes anything, so it may remember for ever.
const REMEMBER: Duration = Duration::from_secs(86_400);
const NO_GENERATION: Generation = Generation(0);
const NO_HANDLE: FileHandle = FileHandle(0);
const BLOCK_BYTES: u32 = 4096;
const DISK_BYTES: u64 = 64 << 30;

/// Answers what programs ask of the disk.
pub struct Requests {
    image: Arc<Mutex<Image>>,
    power: Arc<Power>,
    honesty: Honesty,
}

impl Requests {
    /// For a disk with this content.
    pub fn new(image: Arc<Mutex<Image>>, power: Arc<Power>, honesty: Honesty) -> Self {
        Self { image, power, honesty }
    }

    fn read(&self) -> Result<MutexGuard<'_, Image>, Errno> {
        self.power.read()?;
        Ok(self.image.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self) -> Result<MutexGuard<'_, Image>, Errno> {
        self.power.change()?;
        Ok(self.image.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, node: INodeNo) -> Result<(), Errno> {
        let mut image = self.change()?;
        if self.honesty == Honesty::Honest {
            image.sync(node.0);
        }
        Ok(())
    }
}

fn attributes(image: &Image, node: Node) -> Result<FileAttr, Errno> {
    let entry = image.entry(node)?;
    let size = entry.bytes.as_ref().map_or(0, Bytes::len) as u64;
    let time = entry.modified;
    Ok(FileAttr {
        ino: INodeNo(node),
        size,
        blocks: size.div_ceil(512),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind: if entry.bytes.is_some() { FileType::RegularFile } else { FileType::Directory },
        perm: entry.mode,
        nlink: image.links(node).max(1) as u32,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: BLOCK_BYTES,
        flags: 0,
    })
}

fn permissions(mode: u32, umask: u32) -> u16 {
    (mode & !umask & 0o7777) as u16
}

fn entry(reply: ReplyEntry, found: Result<FileAttr, Errno>) {
    match found {
        Ok(attributes) => reply.entry(&REMEMBER, &attributes, NO_GENERATION),
        Err(error) => reply.error(error),
    }
}

fn empty(reply: ReplyEmpty, done: Result<(), Errno>) {
    match done {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Requests {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(reply, self.read().and_then(|image| attributes(&image, image.find(parent.0, name)?)));
    }

    fn getattr(&self, _: &Request, node: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.read().and_then(|image| attributes(&image, node.0)) {
            Ok(attributes) => reply.attr(&REMEMBER, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        node: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let changed = self.change().and_then(|mut image| {
            if let Some(size) = size {
                image.change(node.0)?.resize(size as usize);
            }
            if let Some(mode) = mode {
                image.permit(node.0, permissions(mode, 0))?;
            }
            attributes(&image, node.0)
        });
        match changed {
            Ok(attributes) => reply.attr(&REMEMBER, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let made = self.change().and_then(|mut image| {
            let node = image.create(parent.0, name, None, permissions(mode, umask))?;
            attributes(&image, node)
        });
        entry(reply, made);
    }

    fn create(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, _: i32, reply: ReplyCreate) {
        let made = self.change().and_then(|mut image| {
            let node = image.create(parent.0, name, Some(Bytes::default()), permissions(mode, umask))?;
            attributes(&image, node)
        });
        match made {
            Ok(made) => reply.created(&REMEMBER, &made, NO_GENERATION, NO_HANDLE, FopenFlags::FOPEN_KEEP_CACHE),
            Err(error) => reply.error(error),
        }
    }

    fn link(&self, _: &Request, node: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let linked = self.change().and_then(|mut image| {
            image.link(node.0, parent.0, name)?;
            attributes(&image, node.0)
        });
        entry(reply, linked);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.change().and_then(|mut image| image.remove(parent.0, name)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.change().and_then(|mut image| image.remove(parent.0, name)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !RenameFlags::RENAME_NOREPLACE.contains(flags) {
            return reply.error(Errno::EINVAL);
        }
        let renamed = self
            .change()
            .and_then(|mut image| image.rename((parent.0, name), (new_parent.0, new_name), !flags.is_empty()));
        empty(reply, renamed);
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.power.read() {
            Ok(()) => reply.opened(NO_HANDLE, FopenFlags::FOPEN_KEEP_CACHE),
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.read().and_then(|image| Ok(image.bytes(node.0)?.read(offset as usize, size as usize).to_vec())) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.change().and_then(|mut image| {
            image.change(node.0)?.write(offset as usize, data);
            Ok(data.len() as u32)
        });
        match written {
            Ok(bytes) => reply.written(bytes),
            Err(error) => reply.error(error),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, node: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(reply, self.keep(node));
    }

    fn fsyncdir(&self, _: &Request, node: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(reply, self.keep(node));
    }

    fn readdir(&self, _: &Request, node: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let image = match self.read() {
            Ok(image) => image,
            Err(error) => return reply.error(error),
        };
        // By number, so that a place in the list stays where it is while names come and go.
        let mut listed: Vec<_> = image.list(node.0).map(|(name, child)| (child, name)).collect();
        listed.sort_unstable();
        for (child, name) in listed.into_iter().filter(|(child, _)| *child > offset) {
            let is_file = image.bytes(child).is_ok();
            let kind = if is_file { FileType::RegularFile } else { FileType::Directory };
            if reply.add(INodeNo(child), child, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        match self.read().map(|image| DISK_BYTES.saturating_sub(image.used() as u64) / u64::from(BLOCK_BYTES)) {
            Ok(free) => reply.statfs(
                DISK_BYTES / u64::from(BLOCK_BYTES),
                free,
                free,
                1 << 20,
                1 << 20,
                BLOCK_BYTES,
                255,
                BLOCK_BYTES,
            ),
            Err(error) => reply.error(error),
        }
    }
}
