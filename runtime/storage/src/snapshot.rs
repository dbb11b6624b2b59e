//! One unchanging view of a model's rows.

use std::sync::Arc;

use arrow::{array::RecordBatch, compute::concat_batches};
use driftline_core::{Digest, ID, Schema, Window};

use crate::{
    DelayedCells, Error, Kind, Segment, Storage,
    delayed_cache::Key,
    latest::Latest,
    log,
    model::{self, Model},
    parquet_file, rows,
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
    inner: Arc<Inner>,
}

/// The sequence number and checksum of a log row.
type LogRow = (i64, u32);

/// The delayed metrics that were pending, oldest first.
#[derive(Clone, Default)]
struct Pending {
    sealed: Vec<Listing>,
    logged: Vec<(i64, Arc<RecordBatch>)>,
    checksums: Vec<LogRow>,
    /// The smallest and largest id of the snapshot's predictions.
    ids: ([u8; 16], [u8; 16]),
}

type IdRange = ([u8; 16], [u8; 16]);

impl Storage {
    /// The model's rows as of now; with a window, only what touches it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a model that was deleted, [`Error::Corrupt`] for a damaged log.
    pub fn snapshot(&self, model: &Model, window: Option<Window>) -> Result<Snapshot, Error> {
        let inner = self.inner.clone();
        let (model, segments, unsealed, pending, logged) = inner.catalog.read(|view| {
            let model = model::by_id(view, model.id)?;
            let segments = segment::predictions(view, model.id, window)?;
            let logged = log::entries(view, model.id, Kind::Predictions, window)?;
            let unsealed =
                logged.iter().map(|entry| inner.log_cache.get(view, entry.seq)).collect::<Result<Vec<_>, _>>()?;
            let ids = segments.iter().map(|segment| (segment.min_id, segment.max_id));
            let ids = ids.chain(logged.iter().map(|entry| (entry.min_id, entry.max_id))).reduce(both);
            let pending = match ids {
                Some(ids) => pending(&inner, view, &model, ids)?,
                None => Pending::default(),
            };
            let logged = logged.iter().map(|entry| (entry.seq, entry.checksum)).collect();
            Ok((model, segments, unsealed, pending, logged))
        })?;
        let unsealed = gathered(&model, &unsealed)?;
        Ok(Snapshot { model, segments, unsealed, pending, logged, inner })
    }
}

fn pending(inner: &Inner, view: &rusqlite::Connection, model: &Model, ids: IdRange) -> Result<Pending, Error> {
    let sealed = segment::delayed(view, model.id)?.into_iter().filter(|listing| overlap(listing.ids, ids)).collect();
    let entries: Vec<_> = log::entries(view, model.id, Kind::Delayed, None)?
        .into_iter()
        .filter(|entry| overlap((entry.min_id, entry.max_id), ids))
        .collect();
    let checksums = entries.iter().map(|entry| (entry.seq, entry.checksum)).collect();
    let logged = entries
        .iter()
        .map(|entry| Ok((entry.seq, inner.log_cache.get(view, entry.seq)?)))
        .collect::<Result<_, Error>>()?;
    Ok(Pending { sealed, logged, checksums, ids })
}

fn both(a: IdRange, b: IdRange) -> IdRange {
    (a.0.min(b.0), a.1.max(b.1))
}

fn overlap(a: IdRange, b: IdRange) -> bool {
    a.0 <= b.1 && b.0 <= a.1
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

    /// The delayed values of `columns` that can belong to the snapshot's rows:
    /// for each id and column the last that is not null, in the order of arrival.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a column the model does not have, [`Error::Corrupt`] for a damaged file.
    pub fn delayed(&self, columns: &[&str]) -> Result<DelayedCells, Error> {
        let mut wanted = Schema::default();
        for name in columns {
            let held = self.model.schema.column_type(name).ok_or_else(|| Error::not_found("column", name))?;
            wanted.admit(name, held)?;
        }
        let typed = wanted.columns().iter().map(|column| (column.name.clone(), column.column_type)).collect();
        if wanted.columns().is_empty() || (self.pending.sealed.is_empty() && self.pending.logged.is_empty()) {
            return Ok(DelayedCells::new(typed, None));
        }
        let key = Key {
            model: self.model.id,
            columns: wanted.clone(),
            segments: self.pending.sealed.iter().map(|listing| listing.id).collect(),
            seqs: self.pending.logged.iter().map(|(seq, _)| *seq).collect(),
            ids: self.pending.ids,
        };
        let latest = self.inner.delayed_cache.get_or_build(key, || self.latest(&wanted))?;
        Ok(DelayedCells::new(typed, Some(latest)))
    }

    fn latest(&self, wanted: &Schema) -> Result<Latest, Error> {
        let schema = wanted.arrow_delayed();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let store = self.inner.files.store();
        let mut batches = Vec::new();
        for listing in &self.pending.sealed {
            let path = listing.path();
            self.inner.files.verify(&path, &listing.digest)?;
            batches.extend(parquet_file::read_by_id(&store, &path, listing.bytes, &names, self.pending.ids)?);
        }
        batches.extend(self.pending.logged.iter().map(|(_, batch)| batch.as_ref().clone()));
        batches.retain(|batch| names.iter().any(|name| *name != ID && batch.column_by_name(name).is_some()));
        Latest::of(&schema, &batches)
    }
}
