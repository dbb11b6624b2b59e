//! The thread that writes what is kept, after the answer that it was computed for.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
};

use driftline_core::Digest;

use super::{
    Counts,
    file::{self, Entry, StateFile},
};
use crate::{Error, ModelId, held};

/// How many bytes may wait to be written; beyond, values are not kept.
const WAITING_BYTES: usize = 64 << 20;
/// How much is written in one transaction.
const BATCH: usize = 1024;

/// What there is to do.
pub(super) enum Work {
    Keep {
        key: Digest,
        model: ModelId,
        value: Arc<[u8]>,
        hour: u64,
    },
    Use {
        key: Digest,
        hour: u64,
    },
    Drop {
        key: Digest,
    },
    /// The file can't be read.
    Renew,
    Forget {
        models: Vec<ModelId>,
        done: SyncSender<bool>,
    },
    Settle {
        done: SyncSender<bool>,
    },
}

/// The thread, as others see it.
pub(super) struct Keeper {
    work: Mutex<Option<Sender<Work>>>,
    waiting: Arc<AtomicUsize>,
    counts: Arc<Counts>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The thread's own.
struct Writing {
    path: PathBuf,
    limit: u64,
    file: Option<StateFile>,
    reader: Arc<Mutex<Option<StateFile>>>,
    waiting: Arc<AtomicUsize>,
    counts: Arc<Counts>,
}

impl Keeper {
    /// Opens the file and starts the thread; `None`, logged, when there can be no file.
    pub fn start(
        path: PathBuf,
        limit: u64,
        reader: Arc<Mutex<Option<StateFile>>>,
        counts: Arc<Counts>,
    ) -> Option<Self> {
        let waiting = Arc::new(AtomicUsize::new(0));
        let (file, waits) = (None, waiting.clone());
        let mut writing = Writing { path, limit, file, reader, waiting: waits, counts: counts.clone() };
        writing.open();
        writing.file.as_ref()?;
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new().name("states".into()).spawn(move || writing.run(&receiver));
        let thread =
            thread.inspect_err(|error| tracing::warn!(%error, "no states are kept: no thread to write them")).ok()?;
        Some(Self { work: Mutex::new(Some(sender)), waiting, counts, thread: Mutex::new(Some(thread)) })
    }

    /// Hands work over, unless too much waits.
    pub fn give(&self, work: Work) {
        let size = work.bytes();
        if self.waiting.load(Ordering::Relaxed) + size > WAITING_BYTES {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.send(work);
    }

    fn send(&self, work: Work) {
        let size = work.bytes();
        if let Some(sender) = held(&self.work).as_ref() {
            self.waiting.fetch_add(size, Ordering::Relaxed);
            if sender.send(work).is_err() {
                self.waiting.fetch_sub(size, Ordering::Relaxed);
            }
        }
    }

    /// Waits until everything of these models is gone.
    pub fn forget(&self, models: &[ModelId]) -> Result<(), Error> {
        let (done, answer) = mpsc::sync_channel(1);
        self.send(Work::Forget { models: models.to_vec(), done });
        match answer.recv() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::failed("dropping kept states", "the file can neither be written nor deleted")),
            Err(_) => Err(Error::Closed),
        }
    }

    /// Waits until what was handed over is done.
    pub fn settle(&self) {
        let (done, answer) = mpsc::sync_channel(1);
        self.send(Work::Settle { done });
        let _closed = answer.recv();
    }

    /// Lets the thread finish what waits, and waits for its end.
    pub fn stop(&self) {
        held(&self.work).take();
        if let Some(thread) = held(&self.thread).take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes kept states panicked");
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Work {
    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        let value = if let Self::Keep { value, .. } = self { value.len() } else { 0 };
        value + size_of::<Self>()
    }
}

impl Writing {
    fn run(mut self, work: &Receiver<Work>) {
        while let Ok(first) = work.recv() {
            let mut batch = vec![first];
            batch.extend(work.try_iter().take(BATCH));
            let bytes: usize = batch.iter().map(Work::bytes).sum();
            self.perform(batch);
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
        held(&self.reader).take();
    }

    /// In the order in which it came: what was to be forgotten is, also if it was handed over just before.
    fn perform(&mut self, batch: Vec<Work>) {
        let (mut entries, mut uses, mut drops) = (Vec::new(), Vec::new(), Vec::new());
        for work in batch {
            match work {
                Work::Keep { key, model, value, hour } => entries.push(Entry { key, model, value, hour }),
                Work::Use { key, hour } => uses.push((key, hour)),
                Work::Drop { key } => drops.push(key),
                Work::Renew => self.renew(),
                Work::Forget { models, done } => {
                    self.write(&mut entries, &mut uses, &mut drops);
                    let _asked = done.send(self.forget(&models));
                }
                Work::Settle { done } => {
                    self.write(&mut entries, &mut uses, &mut drops);
                    let _asked = done.send(true);
                }
            }
        }
        self.write(&mut entries, &mut uses, &mut drops);
    }

    fn write(&mut self, entries: &mut Vec<Entry>, uses: &mut Vec<(Digest, u64)>, drops: &mut Vec<Digest>) {
        if entries.is_empty() && uses.is_empty() && drops.is_empty() {
            return;
        }
        let written = self.file.as_mut().map(|file| {
            let grown = file.write(entries, uses, drops)?;
            let bytes = self.counts.bytes.load(Ordering::Relaxed).saturating_add_signed(grown);
            let (mut evicted, mut gone) = (0, 0);
            while bytes - gone > self.limit {
                // A tenth at once, so that not every write has to make room.
                let (values, some) = file.evict(bytes - gone - self.limit / 10 * 9)?;
                (evicted, gone) = (evicted + values, (gone + some).min(bytes));
                if values == 0 {
                    break;
                }
            }
            self.counts.evicted.fetch_add(evicted, Ordering::Relaxed);
            self.counts.bytes.store(bytes - gone, Ordering::Relaxed);
            Ok::<_, rusqlite::Error>(())
        });
        entries.clear();
        uses.clear();
        drops.clear();
        if let Some(Err(error)) = written {
            tracing::warn!(%error, "kept states can't be written: their file is made anew");
            self.renew();
        }
    }

    fn forget(&mut self, models: &[ModelId]) -> bool {
        // The reader has no transaction open while it is held.
        let reader = self.reader.clone();
        let forgotten = {
            let _still = held(&reader);
            self.file.as_mut().map(|file| file.forget(models).and_then(|()| file.bytes()))
        };
        match forgotten {
            Some(Ok(bytes)) => {
                self.counts.bytes.store(bytes, Ordering::Relaxed);
                true
            }
            _ => {
                self.close();
                let gone = file::remove(&self.path);
                self.open();
                gone
            }
        }
    }

    fn renew(&mut self) {
        self.close();
        file::remove(&self.path);
        self.open();
    }

    fn close(&mut self) {
        held(&self.reader).take();
        self.file = None;
    }

    fn open(&mut self) {
        let opened = open_both(&self.path);
        match opened {
            Ok((file, beside, bytes)) => {
                self.counts.bytes.store(bytes, Ordering::Relaxed);
                self.file = Some(file);
                *held(&self.reader) = Some(beside);
            }
            Err(error) => {
                tracing::warn!(%error, path = %self.path.display(), "no states are kept: their file can't be made")
            }
        }
    }
}

/// A connection that writes, one that reads, and how many bytes there are.
fn open_both(path: &Path) -> rusqlite::Result<(StateFile, StateFile, u64)> {
    let opened = |file: StateFile| Ok((StateFile::beside(path)?, file.bytes()?, file));
    let (beside, bytes, file) = match StateFile::open(path).and_then(opened) {
        Ok(opened) => opened,
        Err(_) => {
            file::remove(path);
            StateFile::open(path).and_then(opened)?
        }
    };
    Ok((file, beside, bytes))
}
