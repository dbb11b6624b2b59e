//! Copies of remote files on the local disk, so that they are fetched once.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    fs::{self, File},
    io::{self, Read, Write},
    ops::Range,
    path::{Path as DiskPath, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use driftline_core::{Digest, Digester};
use futures::stream::BoxStream;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result, local::LocalFileSystem, path::Path,
};

use super::disk;
use crate::{Error, held};

/// Verified copies, the longest unused removed first. A copy may vanish at any
/// time; nothing here fails, because the store has the file itself.
pub(super) struct Near {
    root: PathBuf,
    limit: u64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    sizes: HashMap<Path, u64>,
    /// The longest unused first.
    order: VecDeque<Path>,
    bytes: u64,
}

impl Near {
    pub fn open(root: PathBuf, limit: u64) -> std::result::Result<Self, Error> {
        fs::create_dir_all(&root).map_err(|error| Error::failed("opening the folder of copies", error))?;
        Ok(Self { root, limit, kept: Mutex::default() })
    }

    /// Begins a copy; `None` when the disk does not take it.
    pub fn draft(self: &Arc<Self>, path: &Path) -> Option<Draft> {
        let place = self.root.join(format!("{path}.part"));
        let file = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(&place)).ok()?;
        Some(Draft { near: self.clone(), path: path.clone(), place, file: Some(file), bytes: 0 })
    }

    /// Takes in a copy that an earlier process left, if it has this digest; tells whether.
    pub fn admit_found(&self, path: &Path, digest: &Digest) -> bool {
        let place = self.root.join(path.as_ref());
        match hash(&place) {
            Ok((found, bytes)) if found == *digest => self.admit(path, bytes),
            Ok(_) => drop(fs::remove_file(&place)),
            Err(_) => {}
        }
        self.touch(path)
    }

    /// Removes a copy.
    pub fn forget(&self, path: &Path) {
        held(&self.kept).remove(path);
        let _gone = fs::remove_file(self.root.join(path.as_ref()));
    }

    /// Removes copies of what is not listed.
    pub fn sweep(&self, listed: &HashSet<Path>) {
        let keep: HashSet<PathBuf> = listed.iter().map(|path| self.root.join(path.as_ref())).collect();
        let mut found = Vec::new();
        let _partly = disk::walk(&self.root, &mut found);
        for stray in found.iter().filter(|place| !keep.contains(*place)) {
            let _stays = fs::remove_file(stray);
        }
    }

    fn admit(&self, path: &Path, bytes: u64) {
        let mut kept = held(&self.kept);
        kept.remove(path);
        kept.bytes += bytes;
        kept.sizes.insert(path.clone(), bytes);
        kept.order.push_back(path.clone());
        while kept.bytes > self.limit {
            let Some(oldest) = kept.order.front().cloned() else { break };
            kept.remove(&oldest);
            let _gone = fs::remove_file(self.root.join(oldest.as_ref()));
        }
    }

    /// Notes a use; tells whether there is a copy.
    fn touch(&self, path: &Path) -> bool {
        let mut kept = held(&self.kept);
        let Some(bytes) = kept.sizes.get(path).copied() else { return false };
        if kept.order.back() != Some(path) {
            kept.remove(path);
            kept.bytes += bytes;
            kept.sizes.insert(path.clone(), bytes);
            kept.order.push_back(path.clone());
        }
        true
    }
}

impl Kept {
    fn remove(&mut self, path: &Path) {
        if let Some(bytes) = self.sizes.remove(path) {
            self.bytes -= bytes;
            self.order.retain(|held| held != path);
        }
    }
}

fn hash(place: &DiskPath) -> io::Result<(Digest, u64)> {
    let mut file = File::open(place)?;
    let (mut digester, mut buffer, mut bytes) = (Digester::default(), vec![0; 1 << 20], 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((digester.finish(), bytes)),
            read => {
                digester.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// A copy that is being written; gone when dropped unkept.
pub(super) struct Draft {
    near: Arc<Near>,
    path: Path,
    place: PathBuf,
    file: Option<File>,
    bytes: u64,
}

impl Draft {
    /// Adds bytes; a copy that fails or grows too large is given up.
    pub fn write(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let is_written = self.file.as_mut().is_some_and(|file| file.write_all(bytes).is_ok());
        if !is_written || self.bytes > self.near.limit {
            self.file = None;
        }
    }

    /// Puts the whole copy in its place.
    pub fn keep(mut self) {
        if self.file.take().is_some() && fs::rename(&self.place, self.near.root.join(self.path.as_ref())).is_ok() {
            self.near.admit(&self.path, self.bytes);
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.place);
    }
}

/// The remote store, whose files are read from their copies where there are any.
#[derive(Debug)]
pub(super) struct NearFirst {
    far: Arc<dyn ObjectStore>,
    copies: LocalFileSystem,
    near: Arc<Near>,
}

impl NearFirst {
    pub fn new(far: Arc<dyn ObjectStore>, near: Arc<Near>) -> std::result::Result<Self, Error> {
        let copies = LocalFileSystem::new_with_prefix(&near.root)
            .map_err(|error| Error::failed("opening the folder of copies", error))?;
        Ok(Self { far, copies, near })
    }
}

#[async_trait]
impl ObjectStore for NearFirst {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        if self.near.touch(path)
            && let Ok(found) = self.copies.get_opts(path, options.clone()).await
        {
            return Ok(found);
        }
        self.far.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        if self.near.touch(path)
            && let Ok(found) = self.copies.get_ranges(path, ranges).await
        {
            return Ok(found);
        }
        self.far.get_ranges(path, ranges).await
    }

    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.far.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.far.put_multipart_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.far.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.far.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.far.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.far.copy_opts(from, to, options).await
    }
}

impl fmt::Display for NearFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with copies near by", self.far)
    }
}

impl fmt::Debug for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Near").field("root", &self.root).field("limit", &self.limit).finish_non_exhaustive()
    }
}
