//! Reads segments of delayed metrics.

use std::sync::Arc;

use arrow::array::RecordBatch;
use driftline_core::LABELLED_AT;

use crate::{
    Error,
    files::Files,
    parquet_file::{self, Part},
    rows::{self, PLACE},
    segment::Listing,
};

/// The rows of a part, with their arrivals and their places in the order of arrival where these are asked for.
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
    // Uploads draw one place for all their rows, at their end.
    let wants_places = part.columns.is_none_or(|columns| columns.contains(&PLACE));
    let placed = |batch: RecordBatch| match batch.column_by_name(PLACE) {
        None if wants_places => rows::placed(&batch, listing.seqs.1),
        _ => Ok(batch),
    };
    batches.map(|batch| placed(complete(batch?)?)).collect()
}
