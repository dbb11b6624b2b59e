//! Rows that files still hold but nobody must see any more.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{BooleanArray, RecordBatch},
    compute::filter_record_batch,
};
use driftline_core::{ID, TIME, Time};

use crate::{Error, rows};

/// Ids of predictions.
pub(crate) type Ids = Arc<HashSet<[u8; 16]>>;

/// What is hidden in one file: rows before the horizon, and those of predictions that are being erased.
#[derive(Debug, Clone)]
pub struct Hidden {
    pub(crate) before: Option<Time>,
    pub(crate) ids: Ids,
}

impl Hidden {
    /// The columns that [`Self::strip`] looks at.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        let (by_time, by_id) = (self.before.is_some(), !self.ids.is_empty());
        [(TIME, by_time), (ID, by_id)].into_iter().filter(|(_, looks)| *looks).map(|(column, _)| column)
    }

    /// The rows of `batch` that may be seen.
    ///
    /// # Errors
    /// [`Error::Rows`] when one of [`Self::columns`] is missing.
    pub fn strip(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        if self.before.is_none() && self.ids.is_empty() {
            return Ok(batch.clone());
        }
        let mut seen = vec![true; batch.num_rows()];
        if let Some(before) = self.before {
            let times = rows::times(batch);
            if times.len() != seen.len() {
                return Err(Error::Rows(format!("the rows need the column `{TIME}`")));
            }
            seen.iter_mut().zip(times).for_each(|(seen, time)| *seen = *time >= before.micros());
        }
        if !self.ids.is_empty() {
            let ids = rows::ids(batch)?;
            for (row, seen) in seen.iter_mut().enumerate() {
                *seen &= !self.ids.contains(ids.value(row));
            }
        }
        if seen.iter().all(|seen| *seen) {
            return Ok(batch.clone());
        }
        filter_record_batch(batch, &BooleanArray::from(seen)).map_err(|error| Error::failed("hiding rows", error))
    }
}
