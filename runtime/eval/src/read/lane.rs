//! The rows of one unit on their way into the order of all.

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::{concat_batches, take_record_batch},
};
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, stream, stream::BoxStream};

use super::{
    merge::{self, Keys},
    selection::Selection,
};
use crate::{
    Error,
    scan::{BATCH_ROWS, Scanner},
    source::Unit,
};

/// A unit that is not opened before its rows are due.
pub(super) struct Lane {
    /// No row of it is earlier.
    pub first: i64,
    unit: Unit,
    selection: Selection,
    scanner: Scanner,
}

impl Lane {
    pub fn new(unit: Unit, selection: &Selection, scanner: &Scanner) -> Self {
        let first = unit.times.map_or(i64::MIN, |(first, _)| first.micros());
        Self { first, unit, selection: selection.clone(), scanner: scanner.clone() }
    }

    /// The rows that are asked for, in the order of their times; empty batches are left out.
    pub fn open(self) -> BoxStream<'static, Result<RecordBatch, Error>> {
        let is_sorted = self.unit.is_sorted();
        let rows = self.selected().try_flatten_stream();
        match is_sorted {
            true => rows.boxed(),
            false => in_order(rows.boxed()).into_stream().try_flatten().boxed(),
        }
    }

    async fn selected(self) -> Result<impl futures::Stream<Item = Result<RecordBatch, Error>> + Send, Error> {
        let Self { unit, selection, scanner, .. } = self;
        let stored = unit.clone();
        let verify = tokio::task::spawn_blocking(move || stored.verify());
        verify.await.map_err(|error| Error::Worker(error.to_string()))??;
        let batches = unit.read(&scanner, &selection.schema, selection.pruning.clone())?;
        let selected = batches.map(move |batch| selection.apply(batch?));
        Ok(selected.try_filter(|batch| std::future::ready(batch.num_rows() > 0)))
    }
}

/// Sorts rows that came in the order of arrival; they are in memory anyway.
async fn in_order(
    mut rows: BoxStream<'static, Result<RecordBatch, Error>>,
) -> Result<BoxStream<'static, Result<RecordBatch, Error>>, Error> {
    let mut batches = Vec::new();
    while let Some(batch) = rows.next().await {
        batches.push(batch?);
    }
    let Some(first) = batches.first() else { return Ok(stream::empty().boxed()) };
    let rows = concat_batches(first.schema_ref(), &batches)?;
    let order = merge::order(&Keys::of(std::slice::from_ref(&rows)));
    let chunks: Vec<UInt32Array> = order.chunks(BATCH_ROWS).map(|chunk| UInt32Array::from(chunk.to_vec())).collect();
    Ok(stream::iter(chunks).map(move |chunk| Ok(take_record_batch(&rows, &chunk)?)).boxed())
}
