//! The bytes of a large body, in a file that has no name.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result as ParquetResult},
    file::reader::{ChunkReader, Length},
};

/// How much of the file is read at once.
const READ_BYTES: usize = 256 << 10;

/// A body that was written to disk. The file is gone once the last clone is.
#[derive(Debug, Clone)]
pub struct Spool {
    file: Arc<File>,
    bytes: u64,
}

impl Spool {
    /// The body in the first `bytes` bytes of `file`.
    pub fn new(file: File, bytes: u64) -> Self {
        Self { file: Arc::new(file), bytes }
    }

    /// How long it is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads it from the start.
    pub fn reader(&self) -> BufReader<Section> {
        self.section(0, self.bytes, READ_BYTES)
    }

    /// Reads a stretch of it.
    pub fn section(&self, at: u64, end: u64, buffer: usize) -> BufReader<Section> {
        BufReader::with_capacity(buffer, Section { file: self.file.clone(), at, end })
    }
}

/// A stretch of the file, read at a place of its own.
#[derive(Debug)]
pub struct Section {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Section {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read_at(&mut into[..length], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Length for Spool {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Spool {
    type T = BufReader<Section>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        // Page headers are short; what follows them is read past the buffer.
        Ok(self.section(start.min(self.bytes), self.bytes, 8 << 10))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} lie beyond the end of the file")));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}
