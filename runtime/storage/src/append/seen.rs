//! Which ids of an append are there already.

use std::collections::HashSet;

use arrow::{
    array::{Array, BooleanArray, RecordBatch},
    compute::filter_record_batch,
};
use driftline_core::{ID, Name};

use crate::{
    Error, Kind,
    id_range::overlap,
    log,
    model::{self, ModelId},
    parquet_file::{self, Part},
    rows,
    segment::{self, Segment},
    storage::Inner,
};

/// Ids that are there already, and how far segments were looked through for them.
#[derive(Default)]
pub(crate) struct Seen {
    ids: HashSet<[u8; 16]>,
    /// Every segment up to this generation was.
    generation: Option<u64>,
}

impl Seen {
    /// How far segments were looked through.
    pub fn generation(&self) -> Option<u64> {
        self.generation
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Takes in ids that were found elsewhere.
    pub fn extend(&mut self, ids: Vec<[u8; 16]>) {
        self.ids.extend(ids);
    }

    /// Looks for the ids of `batches` in the segments that are new since the last look.
    /// Without `may_read` no file is read; tells whether everything was looked at.
    pub fn look(
        &mut self,
        inner: &Inner,
        model: &Name,
        batches: &[RecordBatch],
        may_read: bool,
    ) -> Result<bool, Error> {
        let ids = ids_of(batches)?;
        let Some(range) = ids.iter().min().copied().zip(ids.iter().max().copied()) else { return Ok(true) };
        let _pin = inner.pins.take();
        let (generation, segments) = inner.catalog.read(|view| match model::find(view, model)? {
            None => Ok((0, Vec::new())),
            Some(model) => Ok((
                segment::newest(view, model.id)?,
                segment::holding(view, model.id, range, self.generation.unwrap_or_default())?,
            )),
        })?;
        for segment in &segments {
            if !self.look_at(inner, segment, &ids, may_read)? {
                return Ok(false);
            }
        }
        self.generation = Some(generation);
        Ok(true)
    }

    /// Looks for the ids of `batches` in the model's log; gives the number of its last row.
    pub fn look_at_log(&mut self, inner: &Inner, model: ModelId, batches: &[RecordBatch]) -> Result<i64, Error> {
        let ids: HashSet<[u8; 16]> = ids_of(batches)?.into_iter().collect();
        let range = ids.iter().min().copied().zip(ids.iter().max().copied());
        inner.catalog.read(|view| {
            for entry in log::entries(view, model, Kind::Predictions, None)? {
                if range.is_some_and(|range| overlap(range, entry.ids())) {
                    let batch = inner.log_cache.get(view, entry.seq)?;
                    self.ids.extend(rows::id_bytes(&batch)?.filter(|id| ids.contains(id)));
                }
            }
            log::last_seq(view)
        })
    }

    /// Looks for `ids` in one segment. Without `may_read` no file is read; tells whether everything was looked at.
    pub fn look_at(
        &mut self,
        inner: &Inner,
        segment: &Segment,
        ids: &[[u8; 16]],
        may_read: bool,
    ) -> Result<bool, Error> {
        let filters = match inner.filters.get(segment.id) {
            Some(filters) => filters,
            None if !may_read => return Ok(false),
            None => {
                inner.files.verify(&segment.path, &segment.digest)?;
                inner
                    .filters
                    .get_or_load(segment.id, || parquet_file::filters(&inner.files, &segment.path, segment.bytes))?
            }
        };
        for (group, filter) in filters.groups.iter().enumerate() {
            let maybe: HashSet<[u8; 16]> = ids.iter().filter(|id| filter.may_hold(id)).copied().collect();
            if maybe.is_empty() {
                continue;
            }
            if !may_read {
                return Ok(false);
            }
            inner.files.verify(&segment.path, &segment.digest)?;
            let part = Part { columns: Some(&[ID]), ids: None, group: Some(group) };
            for batch in parquet_file::read(&inner.files, &segment.path, segment.bytes, part)? {
                self.ids.extend(rows::id_bytes(&batch?)?.filter(|id| maybe.contains(id)));
            }
        }
        Ok(true)
    }

    /// The rows whose ids were not seen, those of an id once; and how many were.
    pub fn strip(&self, met: &mut HashSet<[u8; 16]>, batch: RecordBatch) -> Result<(RecordBatch, u64), Error> {
        let fresh: Vec<bool> = rows::id_bytes(&batch)?.map(|id| !self.ids.contains(&id) && met.insert(id)).collect();
        let seen = fresh.iter().filter(|fresh| !**fresh).count();
        if seen == 0 {
            return Ok((batch, 0));
        }
        let rest = filter_record_batch(&batch, &BooleanArray::from(fresh));
        Ok((rest.map_err(|error| Error::failed("leaving out rows that are there", error))?, seen as u64))
    }
}

/// The ids of all rows.
pub(super) fn ids_of(batches: &[RecordBatch]) -> Result<Vec<[u8; 16]>, Error> {
    let mut ids = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        let column = rows::ids(batch)?;
        if column.null_count() == 0 {
            ids.extend(rows::id_bytes(batch)?);
        }
    }
    Ok(ids)
}
