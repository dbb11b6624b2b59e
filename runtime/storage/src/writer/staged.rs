//! Rows on their way into the log: small batches that meet in one transaction
//! share a log row.

use arrow::{array::RecordBatch, compute::concat_batches, datatypes::SchemaRef};
use driftline_core::Time;
use rusqlite::Connection;

use crate::{
    Error, Kind,
    body::{Body, MAX_ROWS},
    log,
    model::ModelId,
    rows,
};

/// Batches with fewer rows are encoded by the writer, together with their neighbours.
pub(crate) const SMALL: usize = 256;

/// A stretch of rows that one append brings.
pub(crate) enum Chunk {
    /// Encoded on the caller's thread.
    Large(Body),
    /// Fewer than [`SMALL`] rows.
    Small(RecordBatch),
}

impl Chunk {
    /// Cuts `batch` into chunks and encodes the large ones.
    pub fn cut(batch: &RecordBatch) -> Result<Vec<Self>, Error> {
        if batch.num_rows() < SMALL {
            return Ok(if batch.num_rows() == 0 { Vec::new() } else { vec![Self::Small(batch.clone())] });
        }
        let starts = (0..batch.num_rows()).step_by(MAX_ROWS);
        let parts = starts.map(|start| batch.slice(start, MAX_ROWS.min(batch.num_rows() - start)));
        parts.map(|part| Body::encode(&part).map(Self::Large)).collect()
    }

    /// About how many bytes it holds in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Large(body) => body.bytes.len(),
            Self::Small(batch) => batch.get_array_memory_size(),
        }
    }
}

/// The rows of all appends of one transaction, in order.
#[derive(Default)]
pub(crate) struct Staged {
    chunks: Vec<(ModelId, Kind, Chunk)>,
}

impl Staged {
    /// Adds the chunks of one append.
    pub fn add(&mut self, model: ModelId, kind: Kind, chunks: Vec<Chunk>) {
        self.chunks.extend(chunks.into_iter().map(|chunk| (model, kind, chunk)));
    }

    /// The predictions of a model that are not in the log yet.
    pub fn predictions(&self, model: ModelId) -> impl Iterator<Item = Result<RecordBatch, Error>> {
        let chunks = self.chunks.iter().filter(move |(of, kind, _)| (*of, *kind) == (model, Kind::Predictions));
        chunks.map(|(_, _, chunk)| match chunk {
            Chunk::Large(body) => body.decode(),
            Chunk::Small(batch) => Ok(batch.clone()),
        })
    }

    /// The present end, to go back to with [`Self::cut`].
    pub fn mark(&self) -> usize {
        self.chunks.len()
    }

    /// Takes back everything added since `mark`.
    pub fn cut(&mut self, mark: usize) {
        self.chunks.truncate(mark);
    }

    /// Writes everything to the log; gives the number of rows.
    ///
    /// Chunks of one model and kind keep their order, because the last of two
    /// delayed values wins.
    pub fn write(mut self, connection: &Connection, now: Time) -> Result<u64, Error> {
        self.chunks.sort_by_key(|(model, kind, _)| (*model, *kind));
        let mut log = Log { connection, now, rows: 0 };
        let mut run: Option<Run> = None;
        for (model, kind, chunk) in self.chunks {
            match chunk {
                Chunk::Large(body) => {
                    log.write_run(run.take())?;
                    log.write(model, kind, &body)?;
                }
                Chunk::Small(batch) => {
                    if !run.as_mut().is_some_and(|run| run.takes(model, kind, &batch)) {
                        log.write_run(run.replace(Run::of(model, kind, batch)))?;
                    }
                }
            }
        }
        log.write_run(run)?;
        Ok(log.rows)
    }
}

/// Small batches that share a log row.
struct Run {
    model: ModelId,
    kind: Kind,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Run {
    fn of(model: ModelId, kind: Kind, batch: RecordBatch) -> Self {
        Self { model, kind, schema: batch.schema(), batches: vec![batch] }
    }

    /// Adds `batch` if it can share the row; tells whether it did.
    fn takes(&mut self, model: ModelId, kind: Kind, batch: &RecordBatch) -> bool {
        if (self.model, self.kind) != (model, kind) || self.batches.len() >= MAX_ROWS / SMALL {
            return false;
        }
        let Some(union) = rows::union(&self.schema, batch.schema_ref()) else { return false };
        self.schema = union;
        self.batches.push(batch.clone());
        true
    }

    fn body(&self) -> Result<Body, Error> {
        let fitted = self.batches.iter().map(|batch| rows::fit(batch, &self.schema)).collect::<Result<Vec<_>, _>>()?;
        let batch =
            concat_batches(&self.schema, &fitted).map_err(|error| Error::failed("joining rows for the log", error))?;
        Body::encode(&batch)
    }
}

struct Log<'a> {
    connection: &'a Connection,
    now: Time,
    rows: u64,
}

impl Log<'_> {
    fn write(&mut self, model: ModelId, kind: Kind, body: &Body) -> Result<(), Error> {
        self.rows += body.rows as u64;
        log::insert(self.connection, model, kind, body, self.now)
    }

    fn write_run(&mut self, run: Option<Run>) -> Result<(), Error> {
        run.map_or(Ok(()), |run| self.write(run.model, run.kind, &run.body()?))
    }
}
