//! How much of a large body is decoded at a time, and what may stop it.

use std::io;

use super::refusal::Refusal;

/// How much of a large body is decoded at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// About so many bytes of text, or of cells,
    pub bytes: usize,
    /// and at most so many rows.
    pub rows: usize,
}

impl Default for Piece {
    fn default() -> Self {
        Self { bytes: 4 << 20, rows: 65_536 }
    }
}

/// Why a large body gives no more rows.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be read back from the disk, or what it needs beside it could not be written.
    #[error("the disk failed under a request's body: {0}")]
    Disk(#[from] io::Error),
}
