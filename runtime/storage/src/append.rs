//! Appending rows to a model: checked and encoded by the caller's thread,
//! written by the writer.

mod prepared;
mod seen;

use std::{
    future::Future,
    sync::{Arc, Weak},
    thread,
    time::Instant,
};

use arrow::array::RecordBatch;
use driftline_core::Name;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{Error, Kind, Retry, storage::Inner};
use prepared::{Prepared, Written};
pub(crate) use seen::Seen;

/// Rows for a model.
#[derive(Debug, Clone)]
pub struct Append {
    /// The model.
    pub model: Name,
    /// What the rows are.
    pub kind: Kind,
    /// For predictions `id` and `time`, and where known `end_time` and
    /// `deployment`; for delayed metrics `id`; then metric columns.
    pub batches: Vec<RecordBatch>,
    /// Whether to create the model if there is none.
    pub create_model: bool,
    /// Makes sending the same rows again harmless.
    pub retry: Option<Retry>,
    /// What the caller is going to answer; kept with the retry's key for 30 days.
    pub answer: String,
    /// Of predictions whose ids came from the client: rows whose id is there already are left out.
    pub unique: Option<Unique>,
}

/// Rows that may have come before, under the same ids.
#[derive(Debug, Clone, Copy)]
pub struct Unique {
    /// Writes into the answer how many of the rows were there already.
    pub count: fn(answer: &str, duplicates: u64) -> String,
}

/// How an append went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// The rows are durable and visible.
    Fresh,
    /// All rows are durable and visible, but some were there already, from earlier appends.
    Partly {
        /// The caller's answer with their number.
        answer: String,
        /// Their number.
        duplicates: u64,
    },
    /// They were already, from an earlier attempt, which was answered like this.
    Replayed(String),
}

/// Queue space is counted in units of this many bytes.
const UNIT: usize = 4_096;

/// Bounds how many bytes of rows wait for the writer, and how many appends look for ids at once.
#[derive(Clone)]
pub(crate) struct Intake {
    space: Arc<Semaphore>,
    units: usize,
    waiting: Arc<Semaphore>,
    looking: Arc<Semaphore>,
}

/// How many appends may wait for queue space.
const MAX_WAITING: usize = 4_096;
/// How many appends may look for their ids in files at once.
const MAX_LOOKING: usize = 4;

impl Intake {
    /// Room for `bytes`.
    pub fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).clamp(1, u32::MAX as usize);
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { space: semaphore(units), units, waiting: semaphore(MAX_WAITING), looking: semaphore(MAX_LOOKING) }
    }

    async fn space_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Error> {
        let units = bytes.div_ceil(UNIT).clamp(1, self.units) as u32;
        match self.space.clone().try_acquire_many_owned(units) {
            Ok(space) => Ok(space),
            Err(_) => {
                let _turn = self.waiting.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
                self.space.clone().acquire_many_owned(units).await.map_err(|_| Error::Closed)
            }
        }
    }
}

/// Checks and encodes; the future then waits for queue space and for the disk.
pub(crate) fn append(
    inner: &Arc<Inner>,
    append: Append,
) -> impl Future<Output = Result<Appended, Error>> + Send + use<> {
    let mut seen = Seen::default();
    let looked = match append.unique {
        Some(_) => seen.look(inner, &append.model, &append.batches, false),
        None => Ok(true),
    };
    let prepared = looked.and_then(|looked| {
        // What was not looked at to the end is looked at again before anything is written.
        if looked { Prepared::from(append.clone(), inner.forgotten.clone(), &seen).map(Some) } else { Ok(None) }
    });
    let (writer, forgotten, intake) = (inner.writer.clone(), inner.forgotten.clone(), inner.intake.clone());
    let observer = inner.options.observer.clone();
    let inner = Arc::downgrade(inner);
    async move {
        let mut prepared = prepared?;
        loop {
            let (since, observer) = (Instant::now(), observer.clone());
            let ready = match prepared.take() {
                Some(ready) => ready,
                None => {
                    if append.unique.is_some() {
                        seen = look(&inner, &intake, seen, &append).await?;
                    }
                    Prepared::from(append.clone(), forgotten.clone(), &seen)?
                }
            };
            let space = intake.space_for(ready.bytes()).await?;
            let (sender, receiver) = oneshot::channel();
            writer.submit(
                move |group| {
                    observer.waited(since.elapsed());
                    ready.write(group)
                },
                move |result| {
                    drop(space);
                    let _gone = sender.send(result);
                },
            )?;
            match receiver.await.unwrap_or(Err(Error::Closed))? {
                Written::Done(appended) => return Ok(appended),
                Written::Again(there) => seen.extend(there),
            }
        }
    }
}

/// Looks for the ids in segments, on a thread of its own, because files may have to be read.
async fn look(inner: &Weak<Inner>, intake: &Intake, mut seen: Seen, append: &Append) -> Result<Seen, Error> {
    let _turn = intake.looking.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
    let inner = inner.upgrade().ok_or(Error::Closed)?;
    let (model, batches) = (append.model.clone(), append.batches.clone());
    let (sender, receiver) = oneshot::channel();
    let work = move || {
        let looked = seen.look(&inner, &model, &batches, true).map(|_| seen);
        drop(inner);
        let _gone = sender.send(looked);
    };
    thread::Builder::new()
        .name("look-up".into())
        .spawn(work)
        .map_err(|error| Error::failed("starting a thread that looks for ids", error))?;
    receiver.await.unwrap_or(Err(Error::Closed))
}
