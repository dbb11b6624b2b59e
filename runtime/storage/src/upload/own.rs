//! The ids of an upload's own rows, against those that others bring meanwhile.

use std::sync::Arc;

use arrow::array::RecordBatch;
use driftline_core::ID;

use crate::{
    Error, Kind,
    append::Seen,
    body,
    draft::NewSegment,
    id_range::overlap,
    log,
    model::ModelId,
    parquet_file::{self, Part},
    rows,
    segment::{self, Segment},
    storage::Inner,
    writer::Group,
};

/// Every id there can be.
const ALL: ([u8; 16], [u8; 16]) = ([0; 16], [u8::MAX; 16]);

/// How far a model was looked through for ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct Horizon {
    /// The number of the last log row.
    pub seq: i64,
    /// The newest generation of segments.
    pub generation: u64,
}

impl Horizon {
    /// As far as both were looked through.
    pub fn and(self, other: Self) -> Self {
        Self { seq: self.seq.min(other.seq), generation: self.generation.min(other.generation) }
    }
}

/// The rows of an upload, whose ids were in the model nowhere within the horizon.
pub(super) struct Own {
    inner: Arc<Inner>,
    model: ModelId,
    segments: Vec<Segment>,
    horizon: Horizon,
}

/// What the writer found beyond the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// No id of the upload.
    Nothing,
    /// An id of the upload: the row that came first stays.
    Met,
    /// Segments, which are looked through outside the writer.
    Segments,
}

impl Own {
    /// The rows of these segments, which nothing lists yet.
    pub fn new(inner: Arc<Inner>, model: ModelId, runs: &[Vec<NewSegment>], horizon: Horizon) -> Self {
        let segments = runs.iter().flatten().filter_map(|new| new.listing.clone().segment()).collect();
        Self { inner, model, segments, horizon }
    }

    /// Looks through everything that came since, and moves the horizon; tells whether one of our ids is among it.
    pub fn catch_up(&mut self) -> Result<bool, Error> {
        // The log first: what is sealed meanwhile is met among the segments then.
        let (seq, logged) = self.inner.catalog.read(|view| {
            let mut ids = Vec::new();
            for entry in log::entries(view, self.model, Kind::Predictions, None)? {
                if entry.seq > self.horizon.seq {
                    ids.extend(rows::id_bytes(self.inner.log_cache.get(view, entry.seq)?.as_ref())?);
                }
            }
            Ok((log::last_seq(view)?, ids))
        })?;
        if self.meets(&logged)? {
            return Ok(true);
        }
        let _pin = self.inner.pins.take();
        let (generation, segments) = self.inner.catalog.read(|view| {
            let newer = segment::holding(view, self.model, ALL, self.horizon.generation)?;
            Ok((segment::newest(view, self.model)?, newer))
        })?;
        for segment in &segments {
            if self.meets(&self.ids_of(segment)?)? {
                return Ok(true);
            }
        }
        self.horizon = Horizon { seq, generation };
        Ok(false)
    }

    /// The same for what came after that, within the writer: a few rows of the log.
    pub fn look_beyond(&self, group: &Group<'_>) -> Result<Beyond, Error> {
        if segment::newest(group.connection, self.model)? > self.horizon.generation {
            return Ok(Beyond::Segments);
        }
        let mut ids = Vec::new();
        let mut add = |batch: &RecordBatch| {
            ids.extend(rows::id_bytes(batch)?);
            Ok::<_, Error>(())
        };
        for entry in log::entries(group.connection, self.model, Kind::Predictions, None)? {
            if entry.seq > self.horizon.seq
                && let Some((checksum, bytes)) = log::body(group.connection, entry.seq)?
            {
                add(&body::decode(entry.seq, checksum, bytes)?)?;
            }
        }
        group.staged.predictions(self.model).try_for_each(|batch| add(&batch?))?;
        Ok(if self.meets(&ids)? { Beyond::Met } else { Beyond::Nothing })
    }

    fn ids_of(&self, segment: &Segment) -> Result<Vec<[u8; 16]>, Error> {
        let files = &self.inner.files;
        files.verify(&segment.path, &segment.digest)?;
        let mut ids = Vec::new();
        let part = Part { columns: Some(&[ID]), ..Part::default() };
        for batch in parquet_file::read(files, &segment.path, segment.bytes, part)? {
            ids.extend(rows::id_bytes(&batch?)?);
        }
        Ok(ids)
    }

    /// Whether one of the ids is ours.
    fn meets(&self, ids: &[[u8; 16]]) -> Result<bool, Error> {
        let Some(range) = ids.iter().min().copied().zip(ids.iter().max().copied()) else { return Ok(false) };
        let mut seen = Seen::default();
        for segment in self.segments.iter().filter(|segment| overlap((segment.min_id, segment.max_id), range)) {
            seen.look_at(&self.inner, segment, ids, true)?;
            if !seen.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
