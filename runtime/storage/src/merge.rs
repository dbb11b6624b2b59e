//! Merges segments of predictions into one stream in the order of time and id.

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range, sync::Arc};

use arrow::{array::RecordBatch, compute::interleave_record_batch, datatypes::SchemaRef};

use crate::{
    Error,
    files::Files,
    parquet_file::{self, BATCH_ROWS, Part},
    rows,
    segment::Listing,
};

/// The place of a row in the order: its time and its id.
type Key = (i64, u128);

/// The rows of some segments, each of which is in order. A file is opened when
/// its first row is due and holds one row group in memory, so files that follow
/// each other in time cost no more than one.
pub(crate) struct Merge<'a> {
    files: &'a Arc<Files>,
    schema: SchemaRef,
    inputs: Vec<Input>,
    /// Each input with rows left, by its next row (or a bound on it, before it is opened).
    heads: BinaryHeap<Reverse<(Key, usize)>>,
}

struct Input {
    listing: Listing,
    batches: Option<Box<dyn Iterator<Item = Result<RecordBatch, Error>>>>,
    current: Option<Current>,
}

/// The batch in which an input stands.
struct Current {
    batch: RecordBatch,
    keys: Vec<Key>,
    row: usize,
}

impl<'a> Merge<'a> {
    /// Prepares to read `listings` with the columns of `schema`.
    pub fn new(files: &'a Arc<Files>, schema: SchemaRef, listings: &[Listing]) -> Self {
        let first = |listing: &Listing| listing.times.map_or(i64::MIN, |(first, _)| first.micros());
        let heads = listings.iter().enumerate().map(|(at, listing)| Reverse(((first(listing), 0), at))).collect();
        let inputs = listings.iter().cloned().map(|listing| Input { listing, batches: None, current: None });
        Self { files, schema, inputs: inputs.collect(), heads }
    }

    /// The next rows, at most [`BATCH_ROWS`]; `None` after the last.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        let mut batches: Vec<RecordBatch> = Vec::new();
        let mut places = Vec::new();
        // For each input, where among `batches` the one is in which it stands.
        let mut held: Vec<Option<usize>> = vec![None; self.inputs.len()];
        while places.len() < BATCH_ROWS {
            let Some(Reverse((_, at))) = self.heads.pop() else { break };
            let limit = self.heads.peek().map_or((i64::MAX, u128::MAX), |Reverse((key, _))| *key);
            let input = &mut self.inputs[at];
            if let Some(current) = &mut input.current {
                let batch = *held[at].get_or_insert_with(|| {
                    batches.push(current.batch.clone());
                    batches.len() - 1
                });
                places.extend(current.take(limit, BATCH_ROWS - places.len()).map(|row| (batch, row)));
            }
            if input.current.as_ref().is_none_or(Current::is_done) {
                held[at] = None;
                input.advance(self.files, &self.schema)?;
            }
            self.heads.extend(input.current.as_ref().and_then(Current::key).map(|key| Reverse((key, at))));
        }
        if places.is_empty() {
            return Ok(None);
        }
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        interleave_record_batch(&batches, &places).map(Some).map_err(|error| Error::failed("merging segments", error))
    }
}

impl Input {
    /// Goes on to the next batch with rows; none is left when `current` is `None` afterwards.
    fn advance(&mut self, files: &Arc<Files>, schema: &SchemaRef) -> Result<(), Error> {
        let batches = match &mut self.batches {
            Some(batches) => batches,
            None => {
                let path = self.listing.path();
                files.verify(&path, &self.listing.digest)?;
                let opened = parquet_file::read(files, &path, self.listing.bytes, Part::default())?;
                self.batches.insert(Box::new(opened))
            }
        };
        self.current = None;
        for batch in batches {
            let batch = self.listing.rolled_up().strip(&batch?)?;
            if batch.num_rows() > 0 {
                self.current = Some(Current::new(rows::fit(&batch, schema)?)?);
                break;
            }
        }
        Ok(())
    }
}

impl Current {
    fn new(batch: RecordBatch) -> Result<Self, Error> {
        let ids = rows::ids(&batch)?;
        let keys = rows::times(&batch).iter().enumerate();
        let keys = keys.map(|(row, time)| (*time, rows::id_number(ids.value(row)))).collect();
        Ok(Self { batch, keys, row: 0 })
    }

    fn key(&self) -> Option<Key> {
        self.keys.get(self.row).copied()
    }

    fn is_done(&self) -> bool {
        self.row >= self.keys.len()
    }

    /// Takes the rows up to `limit`, at most `most`.
    fn take(&mut self, limit: Key, most: usize) -> Range<usize> {
        let start = self.row;
        self.row += self.keys[start..].partition_point(|key| *key <= limit).min(most);
        start..self.row
    }
}
