//! One prediction by its id.

use std::sync::Arc;

use arrow::{
    array::{Array, BooleanArray, RecordBatch},
    compute::filter_record_batch,
};
use driftline_core::LABELLED_AT;

use super::{Shown, Snapshot};
use crate::{DelayedCells, Error, Model, Storage, id_range::overlap, parquet_file, rows};

impl Storage {
    /// The prediction with this id: one row with all the model's columns, delayed metrics
    /// joined in; of several with the id the first. Of segments, only row groups are read
    /// whose ids and filters allow it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a model that was deleted, [`Error::Corrupt`] for a damaged file or log.
    pub fn find(&self, model: &Model, id: [u8; 16]) -> Result<Option<RecordBatch>, Error> {
        let mut snapshot = self.look(model, None, Shown::Present, Some((id, id)))?;
        let Some((row, delayed)) = snapshot.find(id)? else { return Ok(None) };
        let row = rows::fit(&delayed.apply(&row)?, &snapshot.model.schema.arrow_predictions())?;
        Ok(Some(row))
    }
}

impl Snapshot {
    /// The row as it was tracked, and what may have to be laid over it.
    fn find(&mut self, id: [u8; 16]) -> Result<Option<(RecordBatch, DelayedCells)>, Error> {
        let delayed = self.delayed_of(id)?;
        for segment in &self.segments {
            let files = &self.inner.files;
            files.verify(&segment.path, &segment.digest)?;
            let Some(row) = parquet_file::find(files, &segment.path, segment.bytes, id)? else { continue };
            let row = self.hidden(segment).map_or(Ok(row.clone()), |hidden| hidden.strip(&row))?;
            if row.num_rows() > 0 {
                return Ok(Some((row.slice(0, 1), delayed.of(segment))));
            }
        }
        for batch in &self.unsealed {
            let row = only(batch, id)?;
            if row.num_rows() > 0 {
                return Ok(Some((row.slice(0, 1), delayed)));
            }
        }
        Ok(None)
    }

    /// The delayed values of one id, past the cache, which is for those of many.
    fn delayed_of(&mut self, id: [u8; 16]) -> Result<DelayedCells, Error> {
        self.pending.ids = (id, id);
        self.pending.sealed.retain(|listing| overlap(listing.ids, (id, id)));
        for row in &mut self.pending.logged {
            row.batch = Arc::new(only(&row.batch, id)?);
        }
        self.pending.logged.retain(|row| row.batch.num_rows() > 0);
        let columns = self.model.schema.columns().iter().map(|column| column.name.as_str());
        let wanted = self.wanted(&columns.chain([LABELLED_AT]).collect::<Vec<_>>())?;
        let latest = self.latest(&wanted)?;
        Ok(DelayedCells::new(wanted.typed(), Some(Arc::new(latest)), self.pending.segments.clone()))
    }
}

/// The rows with this id.
fn only(batch: &RecordBatch, id: [u8; 16]) -> Result<RecordBatch, Error> {
    let ids = rows::ids(batch)?;
    let wanted: BooleanArray = (0..ids.len()).map(|row| Some(ids.value(row) == id)).collect();
    filter_record_batch(batch, &wanted).map_err(|error| Error::failed("looking for an id", error))
}
