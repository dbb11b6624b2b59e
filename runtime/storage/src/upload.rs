//! Many rows at once: they go straight to segments, and one last transaction makes them visible.
//!
//! Memory is bounded whatever the number of rows: [`RUN_BYTES`] of them are
//! gathered, sorted and written as segments of their own, which takes about
//! twice as much again. Until the last transaction the files are listed
//! nowhere; what a crash leaves of them is swept at the next start. An upload
//! that never filled a run is an append like any other.
//!
//! Rows whose ids came with them are kept once. Each run leaves out those that
//! are in the model already; what others bring after that is looked through for
//! the upload's ids when it ends, the last of it within the transaction.

mod last;
mod own;
mod run;

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use arrow::array::RecordBatch;
use driftline_core::{Name, Schema, Time};
use futures::executor::block_on;

use self::{
    last::{Last, Outcome},
    own::{Horizon, Own},
    run::Run,
};
use crate::{
    Error, Kind, Retry, Step, Storage, Unique,
    append::{self, Append, Appended, Seen},
    changes,
    draft::{NewSegment, Origin},
    model::{self, ModelId},
    retry, rows, seal,
    storage::Inner,
};

/// How often an upload looks for its ids among what others have brought, before it gives way to them.
const LOOKS: usize = 8;

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
    /// Of predictions: what becomes of the answer when rows are left out whose ids are there already.
    pub unique: Option<Unique>,
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
    /// The rows are durable and visible.
    Fresh {
        /// The model's columns now.
        schema: Schema,
        /// The caller's answer, with the number of duplicates if there were any.
        answer: String,
        /// How many of the rows were there already, from earlier requests.
        duplicates: u64,
    },
    /// They were already, from an earlier attempt, which was answered like this.
    Replayed(String),
    /// Others changed the model meanwhile so that the rows don't fit any more, or brought some of them; nothing was
    /// kept. Begin again.
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
    /// The quarters of hours in which predictions of these lie.
    quarters: BTreeSet<i64>,
    /// How far the model was looked through for the ids that came with rows, if any did.
    horizon: Option<Horizon>,
    /// How many rows were left out, because their ids were there.
    duplicates: u64,
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
        let (schema, run, runs, quarters) = Default::default();
        let (horizon, duplicates) = (None, 0);
        Ok(Started::Fresh(Box::new(Upload {
            inner,
            new,
            model,
            is_new,
            known,
            schema,
            started,
            forgotten,
            run,
            runs,
            quarters,
            horizon,
            duplicates,
        })))
    }
}

impl Upload {
    /// Takes in rows, in the form that [`Append`] has them; `sent_ids` when ids came with them, so that they may
    /// have come before. It may write a segment, and takes its time then.
    ///
    /// # Errors
    /// [`Error::Schema`] and [`Error::Rows`] for rows that don't fit, [`Error::Full`], [`Error::Failed`].
    pub fn write(&mut self, batch: &RecordBatch, sent_ids: bool) -> Result<(), Error> {
        let rows = rows::normal(self.new.kind, batch)?;
        self.schema.merge(&rows.schema)?;
        self.run.add(self.inner.forgotten.strip(&self.new.model, rows.batch)?, sent_ids);
        if self.run.is_full(self.inner.options.segment_rows) { self.flush() } else { Ok(()) }
    }

    /// Makes all rows durable and visible, or none; `answer` is kept with the retry's key.
    ///
    /// # Errors
    /// [`Error::KeyReused`], [`Error::NotFound`] without the model, [`Error::Full`], [`Error::Failed`].
    pub fn commit(mut self, answer: String) -> Result<Committed, Error> {
        if self.runs.is_empty() {
            return self.append(answer);
        }
        self.flush()?;
        let Self { inner, new, model, is_new, schema, runs, quarters, forgotten, horizon, duplicates, .. } = self;
        let creates = new.create_model;
        let own = horizon.map(|horizon| Own::new(inner.clone(), model, &runs, horizon));
        let answer = match &new.unique {
            Some(unique) if duplicates > 0 => (unique.count)(&answer, duplicates),
            _ => answer,
        };
        let last = Last { new, model, is_new, schema, runs, quarters, own, duplicates, answer };
        let outcome = list(&inner, Box::new(last), forgotten);
        inner.note_change(model);
        match outcome {
            Err(Error::Schema(_)) => Ok(Committed::Outrun),
            Err(Error::NotFound { .. }) if creates => Ok(Committed::Outrun),
            outcome => outcome,
        }
    }

    /// Appends the rows, which are few.
    fn append(mut self, answer: String) -> Result<Committed, Error> {
        let (batches, sent_ids) = self.run.take();
        let Self { inner, new, .. } = self;
        let name = new.model.clone();
        let append = Append {
            model: new.model,
            kind: new.kind,
            batches,
            create_model: new.create_model,
            retry: new.retry,
            answer: answer.clone(),
            unique: new.unique.filter(|_| sent_ids),
        };
        let (answer, duplicates) = match block_on(append::append(&inner, append)) {
            Ok(Appended::Fresh) => (answer, 0),
            Ok(Appended::Partly { answer, duplicates }) => (answer, duplicates),
            Ok(Appended::Replayed(answer)) => return Ok(Committed::Replayed(answer)),
            Err(Error::Schema(_)) => return Ok(Committed::Outrun),
            Err(error) => return Err(error),
        };
        let schema =
            inner.catalog.read(|view| model::find(view, &name))?.map_or_else(Schema::default, |model| model.schema);
        Ok(Committed::Fresh { schema, answer, duplicates })
    }

    /// Writes the run's rows as segments.
    fn flush(&mut self) -> Result<(), Error> {
        let (mut batches, sent_ids) = self.run.take();
        if batches.is_empty() {
            return Ok(());
        }
        if sent_ids && self.new.unique.is_some() {
            batches = self.leave_out(batches)?;
        }
        self.inner.options.faults.pass(Step::UploadFlush)?;
        if self.new.kind == Kind::Delayed {
            let arrived = batches.iter().map(|batch| rows::arrived(batch, self.started));
            batches = arrived.collect::<Result<_, _>>()?;
        }
        for batch in &batches {
            self.quarters.extend(changes::quarters(rows::times(batch)));
        }
        let mut schema = self.known.clone();
        schema.merge(&self.schema)?;
        // The place in the order of arrival and the generation are drawn by the last transaction.
        let origin = Origin { model: self.model, seqs: (0, 0), generation: 0, applied: 0 };
        self.runs.push(seal::store(&self.inner, self.new.kind, &schema, &batches, origin)?);
        Ok(())
    }

    /// Leaves out rows whose ids are in the model.
    fn leave_out(&mut self, batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, Error> {
        let mut seen = Seen::default();
        // The log first: what is sealed meanwhile is seen among the segments then.
        let seq = seen.look_at_log(&self.inner, self.model, &batches)?;
        seen.look(&self.inner, &self.new.model, &batches, true)?;
        let horizon = Horizon { seq, generation: seen.generation().unwrap_or_default() };
        self.horizon = Some(self.horizon.map_or(horizon, |before| before.and(horizon)));
        let mut met = HashSet::new();
        let strip = |batch| {
            let (fresh, duplicates) = seen.strip(&mut met, batch)?;
            self.duplicates += duplicates;
            Ok(fresh)
        };
        batches.into_iter().map(strip).collect()
    }
}

/// Lists the upload's segments, unless its ids or the forgotten ones are in the way.
fn list(inner: &Inner, mut last: Box<Last>, forgotten: u64) -> Result<Committed, Error> {
    let files: Vec<_> = last.runs.iter().flatten().map(|segment| segment.listing.path()).collect();
    for _ in 0..LOOKS {
        if let Some(own) = &mut last.own
            && own.catch_up()?
        {
            return Ok(Committed::Outrun);
        }
        let (now_forgotten, faults) = (inner.forgotten.clone(), inner.options.faults.clone());
        // An id that was forgotten meanwhile may be among the rows.
        let outcome = inner.relist(files.clone(), move |group| match now_forgotten.version() == forgotten {
            true => last.write(group, faults.as_ref()),
            false => Ok(Outcome::Decided(Committed::Outrun)),
        })?;
        match outcome {
            Outcome::Decided(committed) => {
                inner.options.faults.pass(Step::UploadDone)?;
                return Ok(committed);
            }
            Outcome::Behind(still) => last = still,
        }
    }
    Ok(Committed::Outrun)
}
