//! One unchanging view of a model's rows.

mod find;
mod gathered;
mod identity;
mod pending;

use std::sync::Arc;

use arrow::array::RecordBatch;
use driftline_core::{Digest, ID, LABELLED_AT, RESERVED, Time, Window};
use rusqlite::Connection;

use self::{
    gathered::gathered,
    pending::{LogRow, Pending, Waiting},
};
use crate::{
    DefinitionKey, DelayedCells, Error, Hidden, KeptState, Kind, Pin, Segment, Storage, covered,
    delayed_cache::{Key, Wanted},
    delayed_file, deletion, grain,
    hidden::Ids,
    id_range::{IdRange, overlap},
    latest::Latest,
    log,
    model::{self, Model, ModelId},
    parquet_file::Part,
    rollup::{self, RollUp},
    segment,
    storage::Inner,
};

/// A model's rows as they were at one instant; later writes don't show.
#[derive(Clone)]
pub struct Snapshot {
    /// The model, with its columns as of then.
    pub model: Model,
    /// The sealed files that touch the window, by first time.
    pub segments: Vec<Segment>,
    /// The rows that are in no segment yet, with the model's present columns
    /// (`Schema::arrow_predictions`), in the order of arrival. Rows outside the window may be among them.
    pub unsealed: Vec<RecordBatch>,
    pending: Pending,
    logged: Vec<LogRow>,
    unsealed_times: Option<(Time, Time)>,
    sight: Sight,
    kept: KeptFiles,
    pin: Pin,
    inner: Arc<Inner>,
}

/// Which rows a snapshot shows; those of predictions that are being erased never.
#[derive(Clone)]
struct Sight {
    rows: Shown,
    hidden: Ids,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Those from the model's horizon on.
    Present,
    /// Those that are in no roll-up yet, of files only.
    NotRolledUp,
}

/// What is kept of rows before the horizon.
#[derive(Clone, Default)]
struct KeptFiles {
    files: Vec<RollUp>,
    covered: Vec<(DefinitionKey, Window)>,
}

impl Storage {
    /// The model's rows as of now; with a window, only what touches it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a model that was deleted, [`Error::Corrupt`] for a damaged log.
    pub fn snapshot(&self, model: &Model, window: Option<Window>) -> Result<Snapshot, Error> {
        self.look(model, window, Shown::Present, None)
    }

    /// The sealed rows older than `until` that are in no roll-up yet; later ones of the same files may be among them.
    pub(crate) fn not_rolled_up(&self, model: &Model, until: Time) -> Result<Snapshot, Error> {
        let window = Window::new(grain::all().start(), until).ok();
        let mut snapshot = self.look(model, window, Shown::NotRolledUp, None)?;
        snapshot
            .segments
            .retain(|segment| segment.rolled.is_none_or(|rolled| rolled < until && rolled <= segment.max_time));
        Ok(snapshot)
    }

    /// With `ids`, only the files and log rows that can hold one of them.
    fn look(
        &self,
        model: &Model,
        window: Option<Window>,
        shown: Shown,
        ids: Option<IdRange>,
    ) -> Result<Snapshot, Error> {
        let inner = self.inner.clone();
        let pin = inner.pins.take();
        let (snapshot, unsealed) = inner.catalog.read(|view| {
            let model = model::by_id(view, model.id)?;
            let kept = match (shown, model.horizon) {
                (Shown::Present, Some(horizon)) => kept_files(view, model.id, window, horizon)?,
                _ => KeptFiles::default(),
            };
            let (mut segments, mut logged) = match (shown, present(window, model.horizon)) {
                (Shown::Present, Some(window)) => (
                    segment::predictions(view, model.id, window)?,
                    log::entries(view, model.id, Kind::Predictions, window)?,
                ),
                (Shown::Present, None) => (Vec::new(), Vec::new()),
                (Shown::NotRolledUp, _) => (segment::predictions(view, model.id, window)?, Vec::new()),
            };
            if let Some(ids) = ids {
                segments.retain(|segment| overlap(segment.ids(), ids));
                logged.retain(|entry| overlap(entry.ids(), ids));
            }
            let unsealed =
                logged.iter().map(|entry| inner.log_cache.get(view, entry.seq)).collect::<Result<Vec<_>, _>>()?;
            let pending = Pending::of(&inner, view, &model, &segments, &logged)?;
            let hidden = Arc::new(deletion::hidden(view, model.id)?.into_iter().collect());
            let sight = Sight { rows: shown, hidden };
            let unsealed_times = times(&logged, model.horizon);
            let logged = logged.iter().map(|entry| (entry.seq, entry.checksum)).collect();
            let (inner, none) = (inner.clone(), Vec::new());
            Ok((
                Snapshot { model, segments, unsealed: none, pending, logged, unsealed_times, sight, kept, pin, inner },
                unsealed,
            ))
        })?;
        let hidden = Hidden { before: snapshot.model.horizon, ids: snapshot.sight.hidden.clone() };
        let unsealed = gathered(&snapshot.model, &unsealed)?;
        let unsealed = unsealed.iter().map(|batch| hidden.strip(batch)).collect::<Result<_, _>>()?;
        Ok(Snapshot { unsealed, ..snapshot })
    }
}

/// The part of a window whose rows are not gone; `None` when they all are.
fn present(window: Option<Window>, horizon: Option<Time>) -> Option<Option<Window>> {
    match (window, horizon) {
        (window, None) => Some(window),
        (None, Some(horizon)) => Window::new(horizon, grain::all().end()).ok().map(Some),
        (Some(window), Some(horizon)) => Window::new(window.start().max(horizon), window.end()).ok().map(Some),
    }
}

fn kept_files(view: &Connection, model: ModelId, window: Option<Window>, horizon: Time) -> Result<KeptFiles, Error> {
    let start = window.map_or(grain::all().start(), |window| window.start());
    let Ok(gone) = Window::new(start, window.map_or(horizon, |window| window.end().min(horizon))) else {
        return Ok(KeptFiles::default());
    };
    Ok(KeptFiles { files: rollup::list(view, model, gone)?, covered: covered::all(view, model)? })
}

/// Between which times the rows of `logged` lie that are not before the horizon.
fn times(logged: &[log::Entry], horizon: Option<Time>) -> Option<(Time, Time)> {
    let of = |end: fn(&(i64, i64)) -> i64| logged.iter().filter_map(move |entry| entry.times.as_ref().map(end));
    let first = Time::from_micros(of(|times| times.0).min()?).ok()?;
    let last = Time::from_micros(of(|times| times.1).max()?).ok()?;
    let first = horizon.map_or(first, |horizon| first.max(horizon));
    (first <= last).then_some((first, last))
}

impl Snapshot {
    /// What must not be seen of a segment; `None` when all of it may.
    pub fn hidden(&self, segment: &Segment) -> Option<Hidden> {
        let before = match self.sight.rows {
            Shown::Present => self.model.horizon,
            Shown::NotRolledUp => segment.rolled,
        };
        let before = before.filter(|before| segment.min_time < *before);
        let ids = self.sight.hidden.clone();
        (before.is_some() || !ids.is_empty()).then_some(Hidden { before, ids })
    }

    /// The predictions that it does not show because they are being erased.
    pub(crate) fn hidden_ids(&self) -> Ids {
        self.sight.hidden.clone()
    }

    /// The stretches of time whose rows are all in the kept states of a definition.
    pub fn covered(&self, definition: DefinitionKey) -> Vec<Window> {
        self.kept.covered.iter().filter(|(key, _)| *key == definition).map(|(_, stretch)| *stretch).collect()
    }

    /// The kept states of a definition that touch the snapshot's window, in order of time, then of their making.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a damaged file.
    pub fn kept(&self, definition: DefinitionKey) -> Result<Vec<KeptState>, Error> {
        let mut states = Vec::new();
        for file in &self.kept.files {
            states.extend(file.read(&self.inner, Some(definition))?.into_iter().map(|(_, kept)| kept));
        }
        states.sort_by_key(|kept| kept.window);
        Ok(states)
    }

    /// A digest over what the snapshot holds: segments, log rows, delayed metrics.
    pub fn digest(&self) -> Digest {
        let sealed = self.segments.iter().map(|segment| &segment.digest);
        let delayed = self.pending.sealed.iter().map(|listing| &listing.digest);
        let kept = self.kept.files.iter().map(|file| &file.digest);
        let files: Vec<u8> = sealed.chain(delayed).chain(kept).flat_map(|digest| *digest.as_bytes()).collect();
        let logged: Vec<u8> = self
            .logged
            .iter()
            .chain(&self.pending.checksums)
            .flat_map(|(seq, checksum)| seq.to_le_bytes().into_iter().chain(checksum.to_le_bytes()))
            .collect();
        Digest::of_parts([&files[..], &logged[..]])
    }

    /// Between which times all rows lie that are in no segment; `None` when there are none.
    pub fn unsealed_times(&self) -> Option<(Time, Time)> {
        self.unsealed_times
    }

    /// Keeps the snapshot's files readable for as long as it is held, also after the snapshot is dropped.
    pub fn pin(&self) -> Pin {
        self.pin.clone()
    }

    /// The delayed values of `columns` that can belong to the snapshot's rows: for
    /// each id and column the last that is not null, in the order of arrival, and
    /// of `labelled_at` the first arrival. Other reserved columns have none.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a column the model does not have, [`Error::Corrupt`] for a damaged file.
    pub fn delayed(&self, columns: &[&str]) -> Result<DelayedCells, Error> {
        let wanted = self.wanted(columns)?;
        let (typed, segments) = (wanted.typed(), self.pending.segments.clone());
        if typed.is_empty() || (self.pending.sealed.is_empty() && self.pending.logged.is_empty()) {
            return Ok(DelayedCells::new(typed, None, segments));
        }
        let key = Key {
            model: self.model.id,
            columns: wanted.clone(),
            segments: self.pending.sealed.iter().map(|listing| listing.id).collect(),
            seqs: self.pending.logged.iter().map(|row| row.seq).collect(),
            ids: self.pending.ids,
        };
        let latest = self.inner.delayed_cache.get_or_build(key, || self.latest(&wanted))?;
        Ok(DelayedCells::new(typed, Some(latest), segments))
    }

    fn wanted(&self, columns: &[&str]) -> Result<Wanted, Error> {
        let mut wanted = Wanted::default();
        for name in columns {
            match *name {
                LABELLED_AT => wanted.arrivals = true,
                reserved if RESERVED.contains(&reserved) => {}
                name => {
                    let held = self.model.schema.column_type(name).ok_or_else(|| Error::not_found("column", name))?;
                    wanted.metrics.admit(name, held)?;
                }
            }
        }
        Ok(wanted)
    }

    fn latest(&self, wanted: &Wanted) -> Result<Latest, Error> {
        let schema = wanted.arrow();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let mut batches = Vec::new();
        for waiting in self.pending.waiting() {
            match waiting {
                Waiting::Logged(row) => batches.push(row.batch(wanted)?),
                Waiting::Sealed(listing) => {
                    let part = Part { columns: Some(&names), ids: Some(self.pending.ids), group: None };
                    batches.extend(delayed_file::read(&self.inner.files, listing, part)?);
                }
            }
        }
        batches.retain(|batch| names.iter().any(|name| *name != ID && batch.column_by_name(name).is_some()));
        Latest::of(&schema, &batches)
    }
}
