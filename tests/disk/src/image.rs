//! Everything on the disk.

use std::{collections::BTreeMap, ffi::OsStr, time::SystemTime};

use fuser::Errno;

use crate::{
    bytes::Bytes,
    loss::{Losing, Loss},
    names::{Names, Node, ROOT},
};

/// Files and folders.
#[derive(Debug)]
pub struct Image {
    names: Names,
    entries: BTreeMap<Node, Entry>,
    next: Node,
}

/// A file or a folder without its name.
#[derive(Debug)]
pub struct Entry {
    /// A file's bytes; none for a folder.
    pub bytes: Option<Bytes>,
    /// When it was last changed. Not lost, since nothing relies on it.
    pub modified: SystemTime,
    /// Its permissions.
    pub mode: u16,
}

impl Default for Image {
    fn default() -> Self {
        let root = Entry { bytes: None, modified: SystemTime::now(), mode: 0o755 };
        Self { names: Names::default(), entries: BTreeMap::from([(ROOT, root)]), next: ROOT + 1 }
    }
}

impl Image {
    /// What a name stands for.
    pub fn find(&self, folder: Node, name: &OsStr) -> Result<Node, Errno> {
        self.names.find(folder, name).ok_or(Errno::ENOENT)
    }

    /// A file or folder, also one that has lost its name.
    pub fn entry(&self, node: Node) -> Result<&Entry, Errno> {
        self.entries.get(&node).ok_or(Errno::ENOENT)
    }

    /// The names in a folder.
    pub fn list(&self, folder: Node) -> impl Iterator<Item = (&OsStr, Node)> {
        self.names.list(folder)
    }

    /// How many names a node has.
    pub fn links(&self, node: Node) -> usize {
        self.names.count(node)
    }

    /// How many bytes are seen in all files.
    pub fn used(&self) -> usize {
        self.entries.values().filter_map(|entry| entry.bytes.as_ref()).map(Bytes::len).sum()
    }

    /// The bytes of a file, to read.
    pub fn bytes(&self, node: Node) -> Result<&Bytes, Errno> {
        self.entry(node)?.bytes.as_ref().ok_or(Errno::EISDIR)
    }

    /// The bytes of a file, to change.
    pub fn change(&mut self, node: Node) -> Result<&mut Bytes, Errno> {
        let entry = self.entries.get_mut(&node).ok_or(Errno::ENOENT)?;
        entry.modified = SystemTime::now();
        entry.bytes.as_mut().ok_or(Errno::EISDIR)
    }

    /// Sets the permissions.
    pub fn permit(&mut self, node: Node, mode: u16) -> Result<(), Errno> {
        self.entries.get_mut(&node).ok_or(Errno::ENOENT)?.mode = mode;
        Ok(())
    }

    /// A new file, or a new folder when there are no bytes.
    pub fn create(&mut self, folder: Node, name: &OsStr, bytes: Option<Bytes>, mode: u16) -> Result<Node, Errno> {
        self.must_be_free(folder, name)?;
        let node = self.next;
        self.next += 1;
        self.entries.insert(node, Entry { bytes, modified: SystemTime::now(), mode });
        self.names.add((folder, name.to_owned()), node);
        Ok(node)
    }

    /// Another name for a file.
    pub fn link(&mut self, node: Node, folder: Node, name: &OsStr) -> Result<(), Errno> {
        self.must_be_free(folder, name)?;
        self.names.add((folder, name.to_owned()), node);
        Ok(())
    }

    /// Takes a name away, of a folder only when it is empty. Whoever has the file open goes on using it.
    pub fn remove(&mut self, folder: Node, name: &OsStr) -> Result<(), Errno> {
        let node = self.find(folder, name)?;
        if self.names.list(node).next().is_some() {
            return Err(Errno::ENOTEMPTY);
        }
        self.names.remove((folder, name.to_owned()));
        Ok(())
    }

    /// Renames, over what has that name unless `exclusive`.
    pub fn rename(&mut self, from: (Node, &OsStr), to: (Node, &OsStr), exclusive: bool) -> Result<(), Errno> {
        let node = self.find(from.0, from.1)?;
        if exclusive {
            self.must_be_free(to.0, to.1)?;
        }
        self.names.rename((from.0, from.1.to_owned()), (to.0, to.1.to_owned()), node);
        Ok(())
    }

    /// Keeps the bytes of a file, or the names in a folder.
    pub fn sync(&mut self, node: Node) {
        match self.entries.get_mut(&node).and_then(|entry| entry.bytes.as_mut()) {
            Some(bytes) => bytes.sync(),
            None => self.names.sync(node),
        }
    }

    /// Keeps everything.
    pub fn sync_all(&mut self) {
        self.names.sync_all();
        self.entries.values_mut().filter_map(|entry| entry.bytes.as_mut()).for_each(Bytes::sync);
    }

    /// Forgets what was not synced, but for what the loss spares of it.
    pub fn lose(&mut self, loss: Loss, random: &mut fastrand::Rng) {
        let mut losing = Losing::new(loss, random);
        let reached = self.names.lose(&mut losing);
        self.entries.retain(|node, _| reached.contains(node));
        self.entries.values_mut().filter_map(|entry| entry.bytes.as_mut()).for_each(|bytes| bytes.lose(&mut losing));
    }

    fn must_be_free(&self, folder: Node, name: &OsStr) -> Result<(), Errno> {
        self.names.find(folder, name).map_or(Ok(()), |_| Err(Errno::EEXIST))
    }
}
