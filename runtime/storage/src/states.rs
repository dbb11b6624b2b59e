//! States and reports kept so that they need not be computed again: bounded, checked at each read, safe to lose.

mod file;
mod front;
mod keeper;
mod packed;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use driftline_core::Digest;

use self::{
    file::{Found, StateFile},
    front::Front,
    keeper::{Keeper, Work},
};
use crate::{Clock, Error, ModelId, held};

/// What takes up more is not kept: reading it back would cost about what computing it does.
const MAX_BYTES: usize = 1 << 20;
/// How many bytes are kept in memory at most, of a larger cache.
const FRONT_BYTES: u64 = 32 << 20;

/// A cache under keys that are digests of everything a value depends on, so that what is found is right for ever. Clones share it.
#[derive(Clone)]
pub struct States(Arc<Shared>);

struct Shared {
    front: Mutex<Front>,
    /// Where it is read from; `None` without a file.
    file: Arc<Mutex<Option<StateFile>>>,
    keeper: Option<Keeper>,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts>,
}

/// How long a value is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// For as long as there is room.
    Long,
    /// While this process runs: it rests on rows that will be in a segment soon.
    Briefly,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    evicted: AtomicU64,
    damaged: AtomicU64,
    dropped: AtomicU64,
    bytes: AtomicU64,
}

/// What became of the cache so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateReadings {
    /// Values that were found.
    pub hits: u64,
    /// Values that were not.
    pub misses: u64,
    /// Values that made room for others.
    pub evicted: u64,
    /// Values that were not as they were written, and the files that could not be read.
    pub damaged: u64,
    /// Values that were not kept because too many waited to be written.
    pub dropped: u64,
    /// The bytes of what is kept on disk.
    pub bytes: u64,
    /// Those in memory.
    pub memory_bytes: u64,
}

impl States {
    /// The cache in the data directory `dir`, of at most `limit` bytes; without any there is none, and its file goes.
    /// What is there but can't be used is made anew.
    pub(crate) fn open(dir: &Path, limit: u64, clock: Arc<dyn Clock>) -> Self {
        let path = file::path(dir);
        let counts = Arc::new(Counts::default());
        let file = Arc::new(Mutex::new(None));
        let keeper = match limit {
            0 => {
                file::remove(&path);
                None
            }
            limit => Keeper::start(path.clone(), limit, file.clone(), counts.clone()),
        };
        let front = if keeper.is_some() { FRONT_BYTES.min(limit) } else { 0 };
        let front = Mutex::new(Front::new(usize::try_from(front).unwrap_or(usize::MAX)));
        Self(Arc::new(Shared { front, file, keeper, path, clock, counts }))
    }

    /// Whether anything is kept at all.
    pub fn is_on(&self) -> bool {
        self.0.keeper.is_some()
    }

    /// What is kept under `key`. Blocks.
    pub fn get(&self, key: &Digest) -> Option<Arc<[u8]>> {
        let found = self.find(key);
        let counted = if found.is_some() { &self.0.counts.hits } else { &self.0.counts.misses };
        counted.fetch_add(u64::from(self.is_on()), Ordering::Relaxed);
        found
    }

    /// Whether something is kept under `key`; it counts as no use. Blocks.
    pub fn has(&self, key: &Digest) -> bool {
        held(&self.0.front).has(key) || held(&self.0.file).as_ref().is_some_and(|file| file.has(key))
    }

    fn find(&self, key: &Digest) -> Option<Arc<[u8]>> {
        let keeper = self.0.keeper.as_ref()?;
        let hour = self.hour();
        if let Some((value, model, used)) = held(&self.0.front).get(key, hour) {
            if used != hour && model.is_some() {
                keeper.give(Work::Use { key: *key, hour });
            }
            return Some(value);
        }
        match held(&self.0.file).as_ref()?.get(key) {
            Found::Nothing => None,
            Found::Damaged => {
                self.0.counts.damaged.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%key, "a kept state is damaged: it is computed anew");
                keeper.give(Work::Drop { key: *key });
                None
            }
            Found::Unreadable(error) => {
                self.0.counts.damaged.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, "the file of kept states can't be read: it is made anew");
                keeper.give(Work::Renew);
                None
            }
            Found::Value { value, model, used } => {
                let value: Arc<[u8]> = value.into();
                if used != hour {
                    keeper.give(Work::Use { key: *key, hour });
                }
                held(&self.0.front).put(*key, value.clone(), Some(model), hour);
                Some(value)
            }
        }
    }

    /// Keeps a value that rests on a model's rows, if there is room; it is written later, on another thread.
    ///
    /// Call it while a [`crate::Pin`] of the snapshot that it was computed from is held: a deletion then drops it.
    /// Tells whether there is room for values of this size.
    pub fn put(&self, model: ModelId, key: Digest, value: Vec<u8>, keep: Keep) -> bool {
        let Some(keeper) = self.0.keeper.as_ref().filter(|_| value.len() <= MAX_BYTES) else { return false };
        let (value, hour): (Arc<[u8]>, u64) = (value.into(), self.hour());
        let listed = (keep == Keep::Long).then_some(model);
        held(&self.0.front).put(key, value.clone(), listed, hour);
        if keep == Keep::Long {
            keeper.give(Work::Keep { key, model, value, hour });
        }
        true
    }

    /// Drops all that rests on rows of these models, from memory and from the file, so that no byte of it is left. Blocks.
    ///
    /// # Errors
    /// [`Error::Failed`] when the file can neither be cleaned nor deleted.
    pub(crate) fn forget(&self, models: &[ModelId]) -> Result<(), Error> {
        let Some(keeper) = &self.0.keeper else {
            let gone = file::remove(&self.0.path);
            let error = || Error::failed(format!("deleting {}", self.0.path.display()), "it can't be deleted");
            return gone.then_some(()).ok_or_else(error);
        };
        held(&self.0.front).clear();
        let forgotten = keeper.forget(models);
        // What was read from the file meanwhile.
        held(&self.0.front).clear();
        forgotten
    }

    /// Waits until all that was put before is written. Blocks.
    pub fn settle(&self) {
        if let Some(keeper) = &self.0.keeper {
            keeper.settle();
        }
    }

    /// Writes what waits and closes the file.
    pub(crate) fn close(&self) {
        if let Some(keeper) = &self.0.keeper {
            keeper.stop();
        }
    }

    /// What became of it so far.
    pub fn readings(&self) -> StateReadings {
        let counts = &self.0.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        StateReadings {
            hits: read(&counts.hits),
            misses: read(&counts.misses),
            evicted: read(&counts.evicted),
            damaged: read(&counts.damaged),
            dropped: read(&counts.dropped),
            bytes: read(&counts.bytes),
            memory_bytes: held(&self.0.front).bytes() as u64,
        }
    }

    /// The hour since 1970, which is as exact as uses are noted.
    fn hour(&self) -> u64 {
        u64::try_from(self.0.clock.now().micros() / 3_600_000_000).unwrap_or(0)
    }
}
