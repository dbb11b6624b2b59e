//! Keeps replaced files until no reader can need them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use object_store::path::Path;

use crate::{Storage, held};

/// Who may still read which listing of the files.
///
/// Epochs count replacements. A reader belongs to the epoch in which it began,
/// before it saw any listing, so it can list only files that were replaced in
/// its epoch or later.
#[derive(Default)]
pub(crate) struct Pins {
    epochs: Mutex<Epochs>,
}

#[derive(Default)]
struct Epochs {
    now: u64,
    /// How many readers there are of each epoch.
    readers: BTreeMap<u64, usize>,
    /// Files that are listed no more, each with the epoch in which it was replaced, oldest first.
    replaced: VecDeque<(u64, Path)>,
}

/// While it is held, every file stays that was listed when it was taken.
#[derive(Clone)]
pub struct Pin {
    _reader: Arc<Reader>,
}

struct Reader {
    pins: Arc<Pins>,
    epoch: u64,
}

impl Pins {
    /// Pins the files that any listing read from now on can show.
    pub fn take(self: &Arc<Self>) -> Pin {
        let mut epochs = held(&self.epochs);
        let epoch = epochs.now;
        *epochs.readers.entry(epoch).or_default() += 1;
        Pin { _reader: Arc::new(Reader { pins: self.clone(), epoch }) }
    }

    /// Takes over files that a committed transaction has unlisted.
    pub fn replaced(&self, paths: impl IntoIterator<Item = Path>) {
        let mut epochs = held(&self.epochs);
        let epoch = epochs.now;
        epochs.now += 1;
        epochs.replaced.extend(paths.into_iter().map(|path| (epoch, path)));
    }

    /// The oldest replaced file, if no reader can need it.
    pub fn next_free(&self) -> Option<Path> {
        let epochs = held(&self.epochs);
        let (epoch, path) = epochs.replaced.front()?;
        let needed = epochs.readers.first_key_value().is_some_and(|(reader, _)| reader <= epoch);
        (!needed).then(|| path.clone())
    }

    /// Whether no replaced file is left.
    pub fn is_empty(&self) -> bool {
        held(&self.epochs).replaced.is_empty()
    }

    /// The oldest replaced file is gone.
    pub fn freed(&self) {
        held(&self.epochs).replaced.pop_front();
    }
}

impl Storage {
    /// Keeps every file readable that a record read from now on lists.
    pub fn pin(&self) -> Pin {
        self.inner.pins.take()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut epochs = held(&self.pins.epochs);
        if let Some(readers) = epochs.readers.get_mut(&self.epoch) {
            *readers -= 1;
            if *readers == 0 {
                epochs.readers.remove(&self.epoch);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(pins: &Pins) -> Vec<String> {
        let next = || pins.next_free().inspect(|_| pins.freed());
        std::iter::from_fn(next).map(|path| path.to_string()).collect()
    }

    #[test]
    fn a_file_is_free_when_the_last_reader_that_began_before_its_replacement_is_gone() {
        let pins = Arc::new(Pins::default());
        let early = pins.take();
        let clone = early.clone();
        pins.replaced([Path::from("a")]);
        let late = pins.take();
        pins.replaced([Path::from("b")]);
        drop(early);
        assert_eq!(free(&pins), [""; 0]);
        drop(clone);
        assert_eq!(free(&pins), ["a"]);
        drop(late);
        assert_eq!(free(&pins), ["b"]);
        pins.replaced([Path::from("c"), Path::from("d")]);
        let _later = pins.take();
        assert_eq!(free(&pins), ["c", "d"]);
    }
}
