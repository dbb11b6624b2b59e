//! Rows counted for those ids that are looked at together.

use arrow::array::{Array, RecordBatch};

use super::{KEYS, arrivals::Arrivals};
use crate::{
    Error, Hidden, Segment,
    id_pass::IdPass,
    labels::Labels,
    parquet_file::{self, Part},
    rows,
    storage::Inner,
};

/// The ids of one pass.
pub(super) struct Pass {
    ids: IdPass,
    pub arrivals: Arrivals,
}

impl Pass {
    /// Pass `number` of `passes`.
    pub fn new(number: u64, passes: u64) -> Self {
        Self { ids: IdPass::new(number, passes), arrivals: Arrivals::default() }
    }

    /// Takes in delayed metrics.
    pub fn arrived(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let Some(received) = rows::arrivals(batch) else { return Ok(()) };
        for (row, id) in rows::id_bytes(batch)?.map(u128::from_be_bytes).enumerate() {
            if received.is_valid(row) && self.ids.holds(id) {
                self.arrivals.add(id, received.value(row));
            }
        }
        Ok(())
    }

    /// Counts the predictions of a segment.
    pub fn count_segment(
        &mut self,
        inner: &Inner,
        segment: &Segment,
        hidden: &Hidden,
        labels: &mut Labels,
    ) -> Result<(), Error> {
        inner.files.verify(&segment.path, &segment.digest)?;
        let part = Part { columns: Some(&KEYS), ids: None, group: None };
        for batch in parquet_file::read(&inner.files, &segment.path, segment.bytes, part)? {
            self.count(&hidden.strip(&batch?)?, labels)?;
        }
        Ok(())
    }

    /// Counts predictions.
    pub fn count(&mut self, batch: &RecordBatch, labels: &mut Labels) -> Result<(), Error> {
        let folded = rows::arrivals(batch);
        let ids = rows::id_bytes(batch)?.map(u128::from_be_bytes);
        for (row, (id, time)) in ids.zip(rows::times(batch)).enumerate() {
            if self.ids.holds(id) {
                let own = folded.filter(|arrivals| arrivals.is_valid(row)).map(|arrivals| arrivals.value(row));
                let first = own.into_iter().chain(self.arrivals.of_prediction(id)).min();
                labels.count(*time, first);
            }
        }
        Ok(())
    }
}
