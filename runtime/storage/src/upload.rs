//! Many rows at once: they go straight to segments, and one last transaction makes them visible.
//!
//! Memory is bounded whatever the number of rows: [`RUN_BYTES`] of them are
//! gathered, sorted and written as segments of their own, which takes about
//! twice as much again. Until the last transaction the files are listed
//! nowhere; what a crash leaves of them is swept at the next start. An upload
//! that never filled a run goes into the log like any append.

mod run;

use std::sync::Arc;

use arrow::array::RecordBatch;
use driftline_core::{Name, Schema, Time};

use self::run::Run;
use crate::{
    Error, Kind, Retry, Storage,
    draft::{NewSegment, Origin},
    log,
    model::{self, ModelId},
    retry, rows, seal, segment,
    storage::Inner,
    writer::{Chunk, Group},
};

/// Where many rows are to go.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The model.
    pub model: Name,
    /// What the rows are.
    pub kind: Kind,
    /// Whether to create the model if there is none.
    pub create_model: bool,
    /// Makes sending the same rows again harmless.
    pub retry: Option<Retry>,
}

/// How an upload began.
pub enum Started {
    /// It takes rows.
    Fresh(Box<Upload>),
    /// Its rows are there already, from an earlier attempt, which was answered like this.
    Replayed(String),
}

/// How an upload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// The rows are durable and visible; the model has these columns now.
    Fresh(Schema),
    /// They were already, from an earlier attempt, which was answered like this.
    Replayed(String),
    /// Others changed the model meanwhile so that the rows don't fit any more; nothing was kept. Begin again.
    Outrun,
}

/// Rows on their way into a model; dropped without [`Self::commit`] they leave nothing.
pub struct Upload {
    inner: Arc<Inner>,
    new: NewUpload,
    /// The model's key.
    model: ModelId,
    /// Whether the model was not there when the upload began.
    is_new: bool,
    /// The model's columns when the upload began, and those of the rows so far.
    known: Schema,
    /// The columns of the rows so far.
    schema: Schema,
    started: Time,
    /// Of what was forgotten when the upload began.
    forgotten: u64,
    run: Run,
    /// The segments of each run that was full.
    runs: Vec<Vec<NewSegment>>,
}

impl Storage {
    /// Begins to take in many rows.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model, [`Error::KeyReused`], [`Error::Full`], [`Error::Failed`].
    pub fn start_upload(&self, new: NewUpload) -> Result<Started, Error> {
        let inner = self.inner.clone();
        let found = inner.catalog.read(|view| {
            let Some(model) = model::find(view, &new.model)? else { return Ok(None) };
            let answer = new.retry.as_ref().map(|key| retry::find(view, model.id, new.kind, key)).transpose()?;
            Ok(Some((model, answer.flatten())))
        })?;
        let (model, is_new, known) = match found {
            Some((_, Some(answer))) => return Ok(Started::Replayed(answer)),
            Some((model, None)) => (model.id, false, model.schema),
            None if new.create_model => {
                (inner.writer.call(|group| model::reserve(group.connection))?, true, Schema::default())
            }
            None => return Err(Error::not_found("model", &new.model)),
        };
        let (started, forgotten) = (inner.options.clock.now(), inner.forgotten.version());
        let (schema, run, runs) = Default::default();
        let upload = Upload { inner, new, model, is_new, known, schema, started, forgotten, run, runs };
        Ok(Started::Fresh(Box::new(upload)))
    }
}

impl Upload {
    /// Takes in rows, in the form that [`crate::Append`] has them. It may write a segment, and takes its time then.
    ///
    /// # Errors
    /// [`Error::Schema`] and [`Error::Rows`] for rows that don't fit, [`Error::Full`], [`Error::Failed`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let rows = rows::normal(self.new.kind, batch)?;
        self.schema.merge(&rows.schema)?;
        self.run.add(self.inner.forgotten.strip(&self.new.model, rows.batch)?);
        if self.run.is_full(self.inner.options.segment_rows) { self.flush() } else { Ok(()) }
    }

    /// Makes all rows durable and visible, or none; `answer` is kept with the retry's key.
    ///
    /// # Errors
    /// [`Error::KeyReused`], [`Error::NotFound`] without the model, [`Error::Full`], [`Error::Failed`].
    pub fn commit(mut self, answer: String) -> Result<Committed, Error> {
        let chunks = if self.runs.is_empty() { self.run.take_chunks()? } else { Vec::new() };
        self.flush()?;
        let Self { inner, new, model, is_new, schema, runs, forgotten, .. } = self;
        let creates = new.create_model;
        let last = Last { new, model, is_new, schema, runs, chunks, answer };
        let now_forgotten = inner.forgotten.clone();
        // An id that was forgotten meanwhile may be among the rows.
        let outcome = inner.writer.call(move |group| match now_forgotten.version() == forgotten {
            true => last.write(group),
            false => Ok(Committed::Outrun),
        });
        inner.note_change(model);
        match outcome {
            Err(Error::Schema(_)) => Ok(Committed::Outrun),
            Err(Error::NotFound { .. }) if creates => Ok(Committed::Outrun),
            outcome => outcome,
        }
    }

    /// Writes the run's rows as segments.
    fn flush(&mut self) -> Result<(), Error> {
        let mut batches = self.run.take();
        if batches.is_empty() {
            return Ok(());
        }
        if self.new.kind == Kind::Delayed {
            let arrived = batches.iter().map(|batch| rows::arrived(batch, self.started));
            batches = arrived.collect::<Result<_, _>>()?;
        }
        let mut schema = self.known.clone();
        schema.merge(&self.schema)?;
        // The place in the order of arrival and the generation are drawn by the last transaction.
        let origin = Origin { model: self.model, seqs: (0, 0), generation: 0, applied: 0 };
        self.runs.push(seal::store(&self.inner, self.new.kind, &schema, &batches, origin)?);
        Ok(())
    }
}

/// The last transaction of an upload.
struct Last {
    new: NewUpload,
    model: ModelId,
    is_new: bool,
    schema: Schema,
    runs: Vec<Vec<NewSegment>>,
    /// The rows, if they go into the log.
    chunks: Vec<Chunk>,
    answer: String,
}

impl Last {
    fn write(self, group: &mut Group<'_>) -> Result<Committed, Error> {
        let Self { new, model, is_new, schema, runs, chunks, answer } = self;
        if is_new {
            model::create_reserved(group.connection, model, &new.model, group.now)?;
        }
        if group.known.model(group.connection, &new.model, false, group.now)?.0 != model {
            return Ok(Committed::Outrun);
        }
        if let Some(key) = &new.retry {
            if let Some(answer) = retry::find(group.connection, model, new.kind, key)? {
                return Ok(Committed::Replayed(answer));
            }
            retry::keep(group.connection, model, new.kind, key, &answer, group.now)?;
        }
        group.known.admit(group.connection, &new.model, &schema)?;
        // The ids of an upload are not held; those of the log are gathered anew when they are needed.
        group.unsealed.forget();
        group.staged.add(model, new.kind, chunks);
        list(group, runs)?;
        Ok(Committed::Fresh(group.known.model(group.connection, &new.model, false, group.now)?.1.clone()))
    }
}

/// Lists the segments of each run behind those of the run before.
fn list(group: &Group<'_>, runs: Vec<Vec<NewSegment>>) -> Result<(), Error> {
    if runs.is_empty() {
        return Ok(());
    }
    let generation = segment::next_generation(group.connection)?;
    for run in runs {
        let seq = log::next_seq(group.connection)?;
        for mut segment in run {
            (segment.listing.seqs, segment.listing.generation) = ((seq, seq), generation);
            segment.list(group.connection, group.now)?;
        }
    }
    Ok(())
}
