//! A file that is being written.

use std::{collections::VecDeque, io, sync::Arc};

use bytes::Bytes;
use driftline_core::{Digest, Digester};
use futures::{FutureExt, future::BoxFuture};
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, PutPayloadMut, path::Path};

use super::{Files, Home, PIECE, PIECES, near::Draft};
use crate::{Error, Step};

/// Takes bytes and sends them on piece by piece, so that memory stays bounded.
/// Nothing is visible before [`Self::finish`]; what is dropped unfinished is removed.
pub(crate) struct NewFile {
    files: Arc<Files>,
    path: Path,
    waiting: PutPayloadMut,
    upload: Option<Box<dyn MultipartUpload>>,
    underway: VecDeque<BoxFuture<'static, Option<Outcome>>>,
    draft: Option<Draft>,
    digester: Digester,
    bytes: u64,
}

type Outcome = object_store::Result<()>;

/// A file that is durable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub bytes: u64,
    pub digest: Digest,
}

impl NewFile {
    /// An empty file, which no other has been or will be at `path`.
    pub fn new(files: Arc<Files>, path: Path) -> Self {
        let draft = match &files.home {
            Home::Disk(_) => None,
            Home::Remote(remote) => remote.near.draft(&path),
        };
        Self {
            files,
            path,
            waiting: PutPayloadMut::new(),
            upload: None,
            underway: VecDeque::new(),
            draft,
            digester: Digester::default(),
            bytes: 0,
        }
    }

    /// Adds bytes.
    pub fn push(&mut self, mut bytes: Bytes) -> Result<(), Error> {
        self.count(&bytes);
        while self.waiting.content_length() + bytes.len() > PIECE {
            let room = PIECE - self.waiting.content_length();
            self.waiting.push(bytes.split_to(room));
            self.send()?;
        }
        self.waiting.push(bytes);
        Ok(())
    }

    /// Adds bytes that are copied.
    pub fn extend(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.count(bytes);
        while self.waiting.content_length() + bytes.len() > PIECE {
            let (now, later) = bytes.split_at(PIECE - self.waiting.content_length());
            self.waiting.extend_from_slice(now);
            self.send()?;
            bytes = later;
        }
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    fn count(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.digester.update(bytes);
        if let Some(draft) = &mut self.draft {
            draft.write(bytes);
        }
    }

    /// Completes the file and makes it durable.
    pub fn finish(mut self) -> Result<Written, Error> {
        // What has its name but is not whole, or not synced, is of no use.
        self.write_out().inspect_err(|_| self.files.doubtful.extend([self.path.clone()]))
    }

    fn write_out(&mut self) -> Result<Written, Error> {
        let short = self.files.faults.pass_write(Step::FileWrite)?;
        match self.upload.take() {
            Some(upload) => self.complete(upload)?,
            None => {
                let payload = std::mem::take(&mut self.waiting).freeze();
                let payload = if short.is_some() { half(&payload) } else { payload };
                let store = self.files.store();
                self.files
                    .wait(async { store.put(&self.path, payload).await })
                    .map_err(|error| self.files.unwritten(&self.path, error))?;
            }
        }
        short.map_or(Ok(()), Err)?;
        self.files.settle(&self.path)?;
        if let Some(draft) = self.draft.take() {
            draft.keep();
        }
        Ok(Written { bytes: self.bytes, digest: std::mem::take(&mut self.digester).finish() })
    }

    /// Sends what waits as a part of its own.
    fn send(&mut self) -> Result<(), Error> {
        let payload = std::mem::take(&mut self.waiting).freeze();
        let upload = match &mut self.upload {
            Some(upload) => upload,
            None => {
                let store = self.files.store();
                let begun = self.files.wait(async { store.put_multipart(&self.path).await });
                self.upload.insert(begun.map_err(|error| self.files.unwritten(&self.path, error))?)
            }
        };
        let part: BoxFuture<'static, Outcome> = upload.put_part(payload);
        self.underway.push_back(match &self.files.home {
            Home::Disk(_) => part.map(Some).boxed(),
            Home::Remote(remote) => remote.spawn(part),
        });
        let most = if matches!(self.files.home, Home::Disk(_)) { 0 } else { PIECES };
        self.catch_up(most)
    }

    /// Waits until at most `most` parts are on their way.
    fn catch_up(&mut self, most: usize) -> Result<(), Error> {
        while self.underway.len() > most {
            let Some(part) = self.underway.pop_front() else { break };
            match self.files.wait(part) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Err(self.files.unwritten(&self.path, error)),
                None => return Err(Error::Closed),
            }
        }
        Ok(())
    }

    fn complete(&mut self, upload: Box<dyn MultipartUpload>) -> Result<(), Error> {
        // Back in its place, so that a failure abandons it.
        self.upload = Some(upload);
        if !self.waiting.is_empty() {
            self.send()?;
        }
        self.catch_up(0)?;
        let Some(mut upload) = self.upload.take() else { return Ok(()) };
        match self.files.wait(upload.complete()) {
            Ok(_) => Ok(()),
            // The answer to a first try may have been lost, and the store knows no such upload any more.
            Err(_) if self.is_whole() => Ok(()),
            Err(error) => {
                self.upload = Some(upload);
                Err(self.files.unwritten(&self.path, error))
            }
        }
    }

    /// Whether the file is there with all its bytes; no other file was ever at its path.
    fn is_whole(&self) -> bool {
        let store = self.files.store();
        let found = self.files.wait(async { store.head(&self.path).await });
        found.is_ok_and(|found| found.size == self.bytes)
    }
}

/// What a write that is cut short leaves.
fn half(payload: &PutPayload) -> PutPayload {
    let mut left = payload.content_length() / 2;
    let kept = payload.iter().map(|part| {
        let part = part.slice(..part.len().min(left));
        left -= part.len();
        part
    });
    kept.collect()
}

impl io::Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else { return };
        let abandoned = async move { upload.abort().await };
        match &self.files.home {
            Home::Disk(_) => drop(futures::executor::block_on(abandoned)),
            Home::Remote(remote) => drop(remote.spawn(abandoned)),
        }
    }
}
