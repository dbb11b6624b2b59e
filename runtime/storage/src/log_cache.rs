//! Decoded log rows, kept for the next read.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use arrow::{
    array::{Array, ArrayRef, MutableArrayData, RecordBatch, make_array},
    error::ArrowError,
};
use rusqlite::Connection;

use crate::{Error, body, held, log};

/// Log rows never change, so a kept one is right for as long as it is listed.
pub(crate) struct LogCache {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    batches: BTreeMap<i64, Arc<RecordBatch>>,
    bytes: usize,
}

impl LogCache {
    /// An empty cache of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    /// The rows of log row `seq`, which `view` lists.
    pub fn get(&self, view: &Connection, seq: i64) -> Result<Arc<RecordBatch>, Error> {
        if let Some(batch) = held(&self.kept).batches.get(&seq) {
            return Ok(batch.clone());
        }
        let (checksum, bytes) = log::body(view, seq)?
            .ok_or_else(|| Error::corrupt(format!("row {seq} of the log in catalog.db"), "it is missing"))?;
        let decoded = body::decode(seq, checksum, bytes)?;
        let batch = Arc::new(own(&decoded).map_err(|error| Error::failed("keeping decoded log rows", error))?);
        self.keep(seq, &batch);
        Ok(batch)
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> usize {
        held(&self.kept).bytes
    }

    /// Drops rows that were sealed.
    pub fn forget(&self, seqs: &[i64]) {
        let mut kept = held(&self.kept);
        for seq in seqs {
            if let Some(batch) = kept.batches.remove(seq) {
                kept.bytes -= batch.get_array_memory_size();
            }
        }
    }

    /// Keeps a batch; the oldest ones, which are sealed soonest, make room.
    fn keep(&self, seq: i64, batch: &Arc<RecordBatch>) {
        let mut kept = held(&self.kept);
        if kept.batches.insert(seq, batch.clone()).is_none() {
            kept.bytes += batch.get_array_memory_size();
        }
        while kept.bytes > self.limit {
            let Some((_, oldest)) = kept.batches.pop_first() else { break };
            kept.bytes -= oldest.get_array_memory_size();
        }
    }
}

/// The same rows in memory that holds nothing else. What was decoded has room to grow, and what did not compress is a
/// part of the log row's whole body.
fn own(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let copy = |column: &ArrayRef| {
        let data = column.to_data();
        let mut copy = MutableArrayData::new(vec![&data], false, data.len());
        copy.try_extend(0, 0, data.len())?;
        let mut own = make_array(copy.freeze());
        own.shrink_to_fit();
        Ok(own)
    };
    RecordBatch::try_new(batch.schema(), batch.columns().iter().map(copy).collect::<Result<_, ArrowError>>()?)
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{FixedSizeBinaryArray, Float64Array, StringArray, TimestampMicrosecondArray},
        datatypes::Schema,
    };

    use super::*;
    use crate::body::Body;

    #[test]
    fn decoded_rows_take_as_much_memory_as_they_have_cells() {
        const ROWS: usize = 50_000;
        // Ids and numbers do not compress, times and words do.
        let noise = |row: usize| {
            (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        };
        let ids = FixedSizeBinaryArray::try_from_iter(
            (0..ROWS).map(|row| u128::from(noise(row)) << 64 | u128::from(noise(row + ROWS))).map(u128::to_be_bytes),
        );
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(ids.expect("ids"))),
            ("time", Arc::new(TimestampMicrosecondArray::from_iter_values((0..ROWS as i64).map(|row| row * 1000)))),
            ("value", Arc::new(Float64Array::from_iter_values((0..ROWS).map(|row| noise(row) as f64 / 1e19)))),
            ("label", Arc::new(Float64Array::from_iter((0..ROWS).map(|row| (row % 3 > 0).then_some(1.0))))),
            ("word", Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("word {}", noise(row) % 10))))),
        ];
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, cells)| (name, cells, true)));
        let batch = batch.expect("a batch");
        let body = Body::encode(&batch).expect("encodes");
        let held = own(&body.decode().expect("decodes")).expect("copies");
        assert_eq!(held, batch.with_schema(Arc::new(Schema::clone(&held.schema()))).expect("the same columns"));
        let cells = ROWS * (16 + 8 + 8 + 8 + 6 + 4) + ROWS / 8;
        let bytes = held.get_array_memory_size();
        assert!((cells..cells + 10_000).contains(&bytes), "{bytes} for {cells}");
    }
}
