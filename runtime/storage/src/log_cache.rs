//! Decoded log rows, kept for the next read.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use arrow::array::RecordBatch;
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
        let batch = Arc::new(body::decode(seq, checksum, bytes)?);
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
