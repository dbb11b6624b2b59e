//! One unchanging view of a model's rows.

use std::{collections::HashSet, sync::Arc};

use arrow::{array::RecordBatch, compute::concat_batches};
use driftline_core::{Digest, ID, LABELLED_AT, RESERVED, Time, Window};
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    DelayedCells, Error, Kind, Pin, Segment, Storage,
    delayed_cache::{Key, Wanted},
    delayed_file,
    id_range::{IdRange, both, overlap},
    latest::Latest,
    log,
    model::{self, Model},
    parquet_file::Part,
    rows,
    segment::{self, Listing},
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
    pin: Pin,
    inner: Arc<Inner>,
}

/// The sequence number and checksum of a log row.
type LogRow = (i64, u32);

/// The delayed metrics that were pending, oldest first.
#[derive(Clone, Default)]
struct Pending {
    sealed: Vec<Listing>,
    logged: Vec<LoggedDelayed>,
    checksums: Vec<LogRow>,
    /// The smallest and largest id of the predictions that they may belong to.
    ids: IdRange,
    /// The segments that they may belong to.
    segments: Arc<HashSet<Uuid>>,
}

/// A log row of delayed metrics.
#[derive(Clone)]
struct LoggedDelayed {
    seq: i64,
    received: Time,
    batch: Arc<RecordBatch>,
}

impl Storage {
    /// The model's rows as of now; with a window, only what touches it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a model that was deleted, [`Error::Corrupt`] for a damaged log.
    pub fn snapshot(&self, model: &Model, window: Option<Window>) -> Result<Snapshot, Error> {
        let inner = self.inner.clone();
        let pin = inner.pins.take();
        let (model, segments, unsealed, pending, logged) = inner.catalog.read(|view| {
            let model = model::by_id(view, model.id)?;
            let segments = segment::predictions(view, model.id, window)?;
            let logged = log::entries(view, model.id, Kind::Predictions, window)?;
            let unsealed =
                logged.iter().map(|entry| inner.log_cache.get(view, entry.seq)).collect::<Result<Vec<_>, _>>()?;
            let pending = pending(&inner, view, &model, &segments, &logged)?;
            let logged = logged.iter().map(|entry| (entry.seq, entry.checksum)).collect();
            Ok((model, segments, unsealed, pending, logged))
        })?;
        let unsealed = gathered(&model, &unsealed)?;
        Ok(Snapshot { model, segments, unsealed, pending, logged, pin, inner })
    }
}

/// The delayed metrics that may belong to these segments and log rows and are not folded into them.
fn pending(
    inner: &Inner,
    view: &Connection,
    model: &Model,
    segments: &[Segment],
    unsealed: &[log::Entry],
) -> Result<Pending, Error> {
    let mut pending = Pending::default();
    let mut touched: Option<IdRange> = None;
    let mut touch = |ids| touched = Some(touched.map_or(ids, |touched| both(touched, ids)));
    let unsealed: Vec<IdRange> = unsealed.iter().map(log::Entry::ids).collect();
    let mut waiting = HashSet::new();
    let sealed = segment::all(view, model.id, Kind::Delayed)?;
    let logged = log::entries(view, model.id, Kind::Delayed, None)?;
    let mut belongs = |ids: IdRange, applied: u64| {
        let of = segments.iter().filter(|segment| segment.generation > applied && overlap(segment.ids(), ids));
        let of: Vec<_> = of.inspect(|segment| touch(segment.ids())).map(|segment| segment.id).collect();
        let logged: Vec<_> =
            unsealed.iter().filter(|range| overlap(**range, ids)).inspect(|range| touch(**range)).collect();
        let any = !of.is_empty() || !logged.is_empty();
        waiting.extend(of);
        any
    };
    pending.sealed.extend(sealed.into_iter().filter(|listing| belongs(listing.ids, listing.applied)));
    for entry in logged.into_iter().filter(|entry| belongs(entry.ids(), 0)) {
        pending.checksums.push((entry.seq, entry.checksum));
        let batch = inner.log_cache.get(view, entry.seq)?;
        pending.logged.push(LoggedDelayed { seq: entry.seq, received: entry.received, batch });
    }
    pending.ids = touched.unwrap_or_default();
    pending.segments = Arc::new(waiting);
    Ok(pending)
}

/// Rows in a batch of unsealed rows, at most (unless a log row has more).
const GATHERED: usize = 32_768;

/// Casts log rows to the model's columns and joins small neighbours.
fn gathered(model: &Model, batches: &[Arc<RecordBatch>]) -> Result<Vec<RecordBatch>, Error> {
    let schema = model.schema.arrow_predictions();
    let mut gathered = Vec::new();
    let mut open: Vec<RecordBatch> = Vec::new();
    let mut open_rows = 0;
    for batch in batches {
        if open_rows > 0 && open_rows + batch.num_rows() > GATHERED {
            gathered.push(joined(&schema, &mut open)?);
            open_rows = 0;
        }
        open_rows += batch.num_rows();
        open.push(rows::fit(batch, &schema)?);
    }
    if !open.is_empty() {
        gathered.push(joined(&schema, &mut open)?);
    }
    Ok(gathered)
}

fn joined(schema: &arrow::datatypes::SchemaRef, open: &mut Vec<RecordBatch>) -> Result<RecordBatch, Error> {
    let batches = std::mem::take(open);
    match <[RecordBatch; 1]>::try_from(batches) {
        Ok([only]) => Ok(only),
        Err(many) => concat_batches(schema, &many).map_err(|error| Error::failed("joining unsealed rows", error)),
    }
}

impl Snapshot {
    /// A digest over what the snapshot holds: segments, log rows, delayed metrics.
    pub fn digest(&self) -> Digest {
        let sealed = self.segments.iter().map(|segment| &segment.digest);
        let delayed = self.pending.sealed.iter().map(|listing| &listing.digest);
        let files: Vec<u8> = sealed.chain(delayed).flat_map(|digest| *digest.as_bytes()).collect();
        let logged: Vec<u8> = self
            .logged
            .iter()
            .chain(&self.pending.checksums)
            .flat_map(|(seq, checksum)| seq.to_le_bytes().into_iter().chain(checksum.to_le_bytes()))
            .collect();
        Digest::of_parts([&files[..], &logged[..]])
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

    fn latest(&self, wanted: &Wanted) -> Result<Latest, Error> {
        let schema = wanted.arrow();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let mut batches = Vec::new();
        for listing in &self.pending.sealed {
            let part = Part { columns: Some(&names), ids: Some(self.pending.ids) };
            batches.extend(delayed_file::read(&self.inner.files, listing, part)?);
        }
        for row in &self.pending.logged {
            batches.push(match wanted.arrivals {
                true => rows::arrived(&row.batch, row.received)?,
                false => row.batch.as_ref().clone(),
            });
        }
        batches.retain(|batch| names.iter().any(|name| *name != ID && batch.column_by_name(name).is_some()));
        Latest::of(&schema, &batches)
    }
}
