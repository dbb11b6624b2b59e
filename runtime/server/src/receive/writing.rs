//! A large body on its way to disk, with its digest.

use std::{fs::File, io::Write};

use driftline_core::{Digest, Digester};
use driftline_storage::{Error, Storage};

use crate::{ingest::Spool, problem::Problem};

/// How much is written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// What was written so far, and what is not yet.
pub struct Writing {
    file: Option<Unfinished>,
    buffer: Vec<u8>,
}

struct Unfinished {
    file: File,
    digester: Digester,
    bytes: u64,
}

impl Writing {
    /// An empty file in the data directory.
    ///
    /// # Errors
    /// 507 when the disk is full.
    pub async fn begin(storage: &Storage) -> Result<Self, Problem> {
        let storage = storage.clone();
        let file = blocking(move || storage.scratch()).await?;
        let file = Unfinished { file, digester: Digester::default(), bytes: 0 };
        Ok(Self { file: Some(file), buffer: Vec::with_capacity(BUFFER_BYTES) })
    }

    /// Adds bytes; when it comes back they are buffered or written.
    ///
    /// # Errors
    /// 507 when the disk is full.
    pub async fn add(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        self.buffer.extend_from_slice(chunk);
        if self.buffer.len() >= BUFFER_BYTES { self.flush().await } else { Ok(()) }
    }

    /// The whole body.
    ///
    /// # Errors
    /// 507 when the disk is full.
    pub async fn finish(mut self) -> Result<(Spool, Digest), Problem> {
        self.flush().await?;
        let Some(Unfinished { file, digester, bytes }) = self.file else { return Err(lost()) };
        Ok((Spool::new(file, bytes), digester.finish()))
    }

    async fn flush(&mut self) -> Result<(), Problem> {
        let Some(mut unfinished) = self.file.take() else { return Err(lost()) };
        let buffer = std::mem::take(&mut self.buffer);
        let write = move || {
            unfinished.digester.update(&buffer);
            unfinished.bytes += buffer.len() as u64;
            let written = unfinished.file.write_all(&buffer);
            written.map_err(|error| Error::failed("writing a request's body to disk", error))?;
            Ok((unfinished, buffer))
        };
        let (unfinished, mut buffer) = blocking(write).await?;
        buffer.clear();
        (self.file, self.buffer) = (Some(unfinished), buffer);
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Problem> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(Problem::internal)??)
}

/// An earlier write failed, and the request with it.
fn lost() -> Problem {
    Problem::internal("a request's body was written on after a write had failed")
}
