//! Appending rows to a model: checked and encoded by the caller's thread,
//! written by the writer.

use std::{future::Future, sync::Arc, time::Instant};

use arrow::array::RecordBatch;
use driftline_core::{Name, Schema};
use tokio::sync::{Semaphore, oneshot};

use crate::{
    Error, Kind, Observer, Retry,
    forgotten::Forgotten,
    retry, rows,
    writer::{Chunk, Group, Writer},
};

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
}

/// How an append went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// The rows are durable and visible.
    Fresh,
    /// They were already, from an earlier attempt, which was answered like this.
    Replayed(String),
}

/// Queue space is counted in units of this many bytes.
const UNIT: usize = 4_096;

/// Bounds how many bytes of rows wait for the writer.
pub(crate) struct Intake {
    space: Arc<Semaphore>,
    units: usize,
    waiting: Arc<Semaphore>,
}

/// How many appends may wait for queue space.
const MAX_WAITING: usize = 4_096;

impl Intake {
    /// Room for `bytes`.
    pub fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).clamp(1, u32::MAX as usize);
        Self { space: Arc::new(Semaphore::new(units)), units, waiting: Arc::new(Semaphore::new(MAX_WAITING)) }
    }
}

/// Checks and encodes; the future then waits for queue space and for the disk.
pub(crate) fn append(
    writer: Arc<Writer>,
    intake: &Intake,
    forgotten: Arc<Forgotten>,
    observer: Arc<dyn Observer>,
    append: Append,
) -> impl Future<Output = Result<Appended, Error>> + Send + use<> {
    let prepared = Prepared::from(append.clone(), forgotten.clone());
    let (space, waiting, all) = (intake.space.clone(), intake.waiting.clone(), intake.units);
    async move {
        let mut prepared = prepared?;
        loop {
            let (since, observer) = (Instant::now(), observer.clone());
            let units = prepared.bytes().div_ceil(UNIT).clamp(1, all);
            let space = match space.clone().try_acquire_many_owned(units as u32) {
                Ok(space) => space,
                Err(_) => {
                    let _turn = waiting.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
                    space.clone().acquire_many_owned(units as u32).await.map_err(|_| Error::Closed)?
                }
            };
            let (sender, receiver) = oneshot::channel();
            writer.submit(
                move |group| {
                    observer.waited(since.elapsed());
                    prepared.write(group)
                },
                move |result| {
                    drop(space);
                    let _gone = sender.send(result);
                },
            )?;
            match receiver.await.unwrap_or(Err(Error::Closed))? {
                Some(appended) => return Ok(appended),
                None => prepared = Prepared::from(append.clone(), forgotten.clone())?,
            }
        }
    }
}

/// An append that needs only the writer.
struct Prepared {
    model: Name,
    kind: Kind,
    create_model: bool,
    retry: Option<Retry>,
    answer: String,
    schema: Schema,
    chunks: Vec<Chunk>,
    forgotten: Arc<Forgotten>,
    /// Of what was forgotten when the rows were looked at.
    version: u64,
}

impl Prepared {
    fn from(append: Append, forgotten: Arc<Forgotten>) -> Result<Self, Error> {
        let version = forgotten.version();
        let mut schema = Schema::default();
        let mut chunks = Vec::new();
        for batch in &append.batches {
            let rows = rows::normal(append.kind, batch)?;
            schema.merge(&rows.schema)?;
            chunks.extend(Chunk::cut(&forgotten.strip(&append.model, rows.batch)?)?);
        }
        let Append { model, kind, create_model, retry, answer, .. } = append;
        Ok(Self { model, kind, create_model, retry, answer, schema, chunks, forgotten, version })
    }

    fn bytes(&self) -> usize {
        self.chunks.iter().map(Chunk::bytes).sum()
    }

    /// `None` when an id was forgotten meanwhile: the rows must be looked at again.
    fn write(self, group: &mut Group<'_>) -> Result<Option<Appended>, Error> {
        if self.forgotten.version() != self.version {
            return Ok(None);
        }
        let id = group.known.model(group.connection, &self.model, self.create_model, group.now)?.0;
        if let Some(key) = &self.retry {
            if let Some(answer) = retry::find(group.connection, id, self.kind, key)? {
                return Ok(Some(Appended::Replayed(answer)));
            }
            retry::keep(group.connection, id, self.kind, key, &self.answer, group.now)?;
        }
        group.known.admit(group.connection, &self.model, &self.schema)?;
        group.staged.add(id, self.kind, self.chunks);
        Ok(Some(Appended::Fresh))
    }
}
