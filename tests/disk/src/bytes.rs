//! The bytes of a file: as seen, and as kept.

use std::mem;

use crate::loss::Losing;

/// What programs see, and what a power failure leaves.
#[derive(Debug, Default)]
pub struct Bytes {
    seen: Vec<u8>,
    kept: Vec<u8>,
    /// What leads from kept to seen, in order.
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

impl Bytes {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// At most `size` bytes from `at`.
    pub fn read(&self, at: usize, size: usize) -> &[u8] {
        let start = at.min(self.seen.len());
        &self.seen[start..(start + size).min(self.seen.len())]
    }

    /// Writes; a gap before `at` reads as zeros.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        self.change(Change::Write { at, bytes: bytes.to_vec() });
    }

    /// Cuts off or fills up with zeros.
    pub fn resize(&mut self, len: usize) {
        self.change(Change::Resize(len));
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.unsynced.push(change);
    }

    /// Keeps all that is seen.
    pub fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.kept);
        }
    }

    /// Forgets what was not synced, but for what the loss spares of it.
    pub fn lose(&mut self, losing: &mut Losing<'_>) {
        let sector = losing.sector_bytes();
        let pieces = mem::take(&mut self.unsynced).into_iter().flat_map(|change| change.torn(sector)).collect();
        for piece in losing.spared(pieces) {
            piece.apply(&mut self.kept);
        }
        self.seen.clone_from(&self.kept);
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Resize(len) => to.resize(*len, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                to.resize(to.len().max(end), 0);
                to[*at..end].copy_from_slice(bytes);
            }
        }
    }

    /// The same change in pieces that a disk writes whole: cut where sectors begin.
    fn torn(self, sector: usize) -> Vec<Self> {
        let Self::Write { mut at, bytes } = self else { return vec![self] };
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, later) = rest.split_at((sector - at % sector).min(rest.len()));
            pieces.push(Self::Write { at, bytes: piece.to_vec() });
            (at, rest) = (at + piece.len(), later);
        }
        pieces
    }
}
