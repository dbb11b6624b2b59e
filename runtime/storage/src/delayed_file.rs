//! Reads segments of delayed metrics.

use std::sync::Arc;

use arrow::array::RecordBatch;
use driftline_core::LABELLED_AT;

use crate::{
    Error,
    files::Files,
    parquet_file::{self, Part},
    rows,
    segment::Listing,
};

/// The rows of a part, with their arrivals where these are asked for.
pub(crate) fn read(files: &Arc<Files>, listing: &Listing, part: Part<'_>) -> Result<Vec<RecordBatch>, Error> {
    let path = listing.path();
    files.verify(&path, &listing.digest)?;
    let batches = parquet_file::read(files, &path, listing.bytes, part)?;
    let wanted = part.columns.is_none_or(|columns| columns.contains(&LABELLED_AT));
    // Files of the first format did not keep the arrival of each row.
    let received = listing.received.filter(|_| wanted).map(|(first, _)| first);
    let complete = |batch: RecordBatch| match received {
        Some(received) if batch.column_by_name(LABELLED_AT).is_none() => rows::all_arrived(&batch, received),
        _ => Ok(batch),
    };
    batches.map(|batch| complete(batch?)).collect()
}
