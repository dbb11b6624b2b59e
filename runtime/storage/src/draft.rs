//! A segment while it is made: rows go in, a durable file and its record come out.

use std::sync::Arc;

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use driftline_core::Time;
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    Error, Kind,
    files::{Files, NewFile, Written},
    labels::Labels,
    model::ModelId,
    parquet_file::{LOOKUP_GROUP, ParquetFile, SCAN_GROUP},
    rows::{self, Extent},
    segment::{self, Listing},
};

/// A segment that is being made. What is finished of its file goes to the store at once, so that memory holds
/// one row group of it; dropped without [`Self::store`] it leaves nothing.
pub(crate) struct Draft {
    files: Arc<Files>,
    id: Uuid,
    kind: Kind,
    origin: Origin,
    file: ParquetFile<NewFile>,
    rows: u64,
    extent: Option<Extent>,
    labels: Labels,
    received: Option<(i64, i64)>,
}

/// Where the rows of a segment come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub model: ModelId,
    /// The first and last log row that went into it.
    pub seqs: (i64, i64),
    /// See [`Listing::generation`]; 0 until the listing transaction draws one.
    pub generation: u64,
    /// See [`Listing::applied`].
    pub applied: u64,
}

/// A durable file on its way into the list. It is deleted when it is dropped
/// before a transaction has tried to list it; after a failed one it is [`Doubtful`](crate::doubtful::Doubtful).
pub(crate) struct NewSegment {
    pub listing: Listing,
    kind: Kind,
    labels: Option<Vec<u8>>,
    files: Arc<Files>,
    tried: bool,
}

impl Draft {
    /// An empty segment of rows with these columns.
    pub fn new(files: &Arc<Files>, kind: Kind, schema: SchemaRef, origin: Origin) -> Result<Self, Error> {
        let id = Uuid::now_v7();
        let file = NewFile::new(files.clone(), segment::path(origin.model, id));
        let file = ParquetFile::to(file, schema, Self::group_rows(kind))?;
        let (files, labels) = (files.clone(), Labels::default());
        Ok(Self { files, id, kind, origin, file, rows: 0, extent: None, labels, received: None })
    }

    /// Rows in a row group, a good size for what is added at once.
    pub fn group_rows(kind: Kind) -> usize {
        match kind {
            Kind::Predictions => SCAN_GROUP,
            Kind::Delayed => LOOKUP_GROUP,
        }
    }

    /// Adds rows, which follow those before: predictions in the order of time and id,
    /// delayed metrics in the order of their ids.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let extent = Extent::of(batch)?;
        self.extent = Some(self.extent.map_or(extent, |before| before.and(extent)));
        self.rows += batch.num_rows() as u64;
        match self.kind {
            Kind::Predictions => self.labels.add(batch),
            Kind::Delayed => {
                for received in rows::arrivals(batch).into_iter().flatten().flatten() {
                    let (first, last) = self.received.unwrap_or((received, received));
                    self.received = Some((first.min(received), last.max(received)));
                }
            }
        }
        self.file.write(batch)
    }

    /// Completes the file and makes it durable; `None` without rows.
    pub fn store(self) -> Result<Option<NewSegment>, Error> {
        let Self { files, id, kind, origin, file, rows, extent, labels, received } = self;
        let Some(extent) = extent else { return Ok(None) };
        let Written { bytes, digest } = file.end()?.finish()?;
        let listing = Listing {
            id,
            model: origin.model,
            rows,
            bytes,
            times: times(extent.times),
            ids: extent.ids,
            seqs: origin.seqs,
            digest,
            created: Time::EPOCH,
            generation: origin.generation,
            applied: origin.applied,
            rolled: None,
            rolled_rows: 0,
            received: times(received),
        };
        let labels = (kind == Kind::Predictions).then(|| labels.to_bytes());
        Ok(Some(NewSegment { listing, kind, labels, files, tried: false }))
    }
}

fn times(micros: Option<(i64, i64)>) -> Option<(Time, Time)> {
    let (first, last) = micros?;
    Time::from_micros(first).ok().zip(Time::from_micros(last).ok())
}

impl NewSegment {
    /// Lists the segment.
    pub fn list(&mut self, connection: &Connection, now: Time) -> Result<(), Error> {
        self.tried = true;
        segment::insert(connection, self.kind, &self.listing, self.labels.as_deref(), now)
    }
}

impl Drop for NewSegment {
    fn drop(&mut self) {
        if !self.tried
            && let Err(error) = self.files.remove(&self.listing.path())
        {
            tracing::warn!(%error, "a file that nothing lists stays; its removal will be tried again");
            self.files.doubtful.extend([self.listing.path()]);
        }
    }
}
