//! Rows of many lanes, each sorted by time, as one stream in the order of time and id.

use std::collections::VecDeque;

use arrow::{
    array::{Array, AsArray, FixedSizeBinaryArray, RecordBatch, UInt32Array},
    compute::{concat_batches, take_record_batch},
    datatypes::TimestampMicrosecondType,
};
use driftline_core::{ID, TIME};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};

use super::lane::Lane;
use crate::{Error, scan::BATCH_ROWS};

/// Merges lanes. One is opened when its first row may be due and closed after
/// its last; rows of the same time are held back until all of them are there,
/// since files keep them in any order.
pub(super) fn merge(mut lanes: Vec<Lane>) -> BoxStream<'static, Result<RecordBatch, Error>> {
    lanes.sort_by_key(|lane| lane.first);
    let merge = Merge { waiting: lanes.into(), open: Vec::new() };
    let rounds = stream::try_unfold(merge, |mut merge| async move {
        Ok::<_, Error>(merge.next().await?.map(|rows| (stream::iter(rows.into_iter().map(Ok)), merge)))
    });
    rounds.try_flatten().boxed()
}

struct Merge {
    /// Lanes that are not open yet, by their first time.
    waiting: VecDeque<Lane>,
    open: Vec<OpenLane>,
}

struct OpenLane {
    rows: BoxStream<'static, Result<RecordBatch, Error>>,
    /// Rows that are read and not given yet.
    held: VecDeque<RecordBatch>,
    has_ended: bool,
}

impl Merge {
    /// Rows that no other row can come before.
    async fn next(&mut self) -> Result<Option<Vec<RecordBatch>>, Error> {
        loop {
            let horizon = self.horizon();
            let ready: Vec<_> = self.open.iter_mut().flat_map(|lane| lane.take_before(horizon)).collect();
            self.open.retain(|lane| !(lane.has_ended && lane.held.is_empty()));
            if !ready.is_empty() {
                return in_order(ready).map(Some);
            }
            if self.open.is_empty() && self.waiting.is_empty() {
                return Ok(None);
            }
            self.advance(horizon).await?;
        }
    }

    /// Rows that are still to be read are not earlier than this; `None` when all are read.
    fn horizon(&self) -> Option<i64> {
        let open = self.open.iter().filter_map(OpenLane::horizon);
        open.chain(self.waiting.front().map(|lane| lane.first)).min()
    }

    /// Opens or reads on what holds the others back.
    async fn advance(&mut self, horizon: Option<i64>) -> Result<(), Error> {
        while let Some(lane) = self.waiting.pop_front_if(|lane| Some(lane.first) <= horizon) {
            self.open.push(OpenLane { rows: lane.open(), held: VecDeque::new(), has_ended: false });
        }
        for lane in self.open.iter_mut().filter(|lane| !lane.has_ended && lane.horizon() <= horizon) {
            lane.read_on().await?;
        }
        Ok(())
    }
}

impl OpenLane {
    fn horizon(&self) -> Option<i64> {
        let read = || self.held.back().and_then(|batch| times(batch)?.last().copied()).unwrap_or(i64::MIN);
        (!self.has_ended).then(read)
    }

    async fn read_on(&mut self) -> Result<(), Error> {
        match self.rows.next().await.transpose()? {
            Some(batch) => self.held.push_back(batch),
            None => self.has_ended = true,
        }
        Ok(())
    }

    fn take_before(&mut self, horizon: Option<i64>) -> Vec<RecordBatch> {
        let mut taken = Vec::new();
        while let Some(batch) = self.held.pop_front() {
            let before = |horizon| times(&batch).map_or(0, |times| times.partition_point(|time| *time < horizon));
            let count = horizon.map_or(batch.num_rows(), before);
            if count > 0 {
                taken.push(batch.slice(0, count));
            }
            if count < batch.num_rows() {
                self.held.push_front(batch.slice(count, batch.num_rows() - count));
                break;
            }
        }
        taken
    }
}

/// The rows of `batches` in the order of time and id.
fn in_order(batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, Error> {
    let keys = Keys::of(&batches);
    if keys.0.is_sorted() {
        return Ok(batches);
    }
    let Some(first) = batches.first() else { return Ok(batches) };
    let rows = concat_batches(first.schema_ref(), &batches)?;
    let order = UInt32Array::from(order(&keys));
    let rows = take_record_batch(&rows, &order)?;
    let starts = (0..rows.num_rows()).step_by(BATCH_ROWS);
    Ok(starts.map(|start| rows.slice(start, BATCH_ROWS.min(rows.num_rows() - start))).collect())
}

/// The time and id of each row.
pub(super) struct Keys(Vec<(i64, u128)>);

impl Keys {
    pub fn of(batches: &[RecordBatch]) -> Self {
        let mut keys = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for batch in batches {
            if let (Some(times), Some(ids)) = (times(batch), ids(batch)) {
                let ids = (0..ids.len()).map(|row| ids.value(row).try_into().map_or(0, u128::from_be_bytes));
                keys.extend(times.iter().copied().zip(ids));
            }
        }
        Self(keys)
    }
}

/// The rows' numbers in the order of their keys.
pub(super) fn order(keys: &Keys) -> Vec<u32> {
    let mut order: Vec<u32> = (0u32..).take(keys.0.len()).collect();
    // Stable, because what comes are a few sorted runs, which it merges.
    order.sort_by_key(|row| keys.0.get(*row as usize));
    order
}

/// The times of rows; every read has them.
pub(super) fn times(batch: &RecordBatch) -> Option<&[i64]> {
    let times = batch.column_by_name(TIME)?.as_primitive_opt::<TimestampMicrosecondType>()?;
    Some(times.values())
}

/// The ids of rows; every read has them.
pub(super) fn ids(batch: &RecordBatch) -> Option<&FixedSizeBinaryArray> {
    batch.column_by_name(ID)?.as_fixed_size_binary_opt()
}
