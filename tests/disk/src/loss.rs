//! What a power failure spares of the changes that were not synced.

/// Which unsynced changes are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All.
    Everything,
    /// In each file those after a random moment; writes are torn at sectors of so many bytes.
    Tail(usize),
    /// Each with even chances, out of order; writes are torn at sectors of so many bytes.
    Scattered(usize),
}

/// A power failure under way.
pub struct Losing<'a> {
    loss: Loss,
    random: &'a mut fastrand::Rng,
}

impl<'a> Losing<'a> {
    /// One that loses what `loss` says.
    pub fn new(loss: Loss, random: &'a mut fastrand::Rng) -> Self {
        Self { loss, random }
    }

    /// How much the disk writes whole.
    pub fn sector_bytes(&self) -> usize {
        match self.loss {
            Loss::Everything => 4096,
            Loss::Tail(sector) | Loss::Scattered(sector) => sector,
        }
    }

    /// Those of some changes in order that reached the disk all the same.
    pub fn spared<T>(&mut self, mut changes: Vec<T>) -> Vec<T> {
        match self.loss {
            Loss::Everything => changes.clear(),
            Loss::Tail(_) => changes.truncate(self.random.usize(..=changes.len())),
            Loss::Scattered(_) => changes.retain(|_| self.random.bool()),
        }
        changes
    }
}
