//! Rows of an upload that are sorted and written together.

use arrow::array::{Array, RecordBatch};

/// How many bytes of rows are gathered before they are written.
pub(crate) const RUN_BYTES: usize = 64 << 20;

/// The rows gathered so far.
#[derive(Default)]
pub(crate) struct Run {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    sent_ids: bool,
}

impl Run {
    /// Adds rows behind those there are; `sent_ids` when their ids came with them.
    pub fn add(&mut self, batch: RecordBatch, sent_ids: bool) {
        if batch.num_rows() > 0 {
            self.sent_ids |= sent_ids;
            self.rows += batch.num_rows();
            self.bytes += size(&batch);
            self.batches.push(batch);
        }
    }

    /// Whether it is time to write them; a segment has at most `segment_rows`.
    pub fn is_full(&self, segment_rows: usize) -> bool {
        self.bytes >= RUN_BYTES || self.rows >= segment_rows
    }

    /// Hands over the rows, and whether any id came with them.
    pub fn take(&mut self) -> (Vec<RecordBatch>, bool) {
        let run = std::mem::take(self);
        (run.batches, run.sent_ids)
    }
}

/// About how many bytes the rows take. What the buffers around them hold does
/// not count: batches that were cut from one message share its.
fn size(batch: &RecordBatch) -> usize {
    let bytes = |column: &arrow::array::ArrayRef| {
        let data = column.to_data();
        data.get_slice_memory_size().unwrap_or_else(|_| data.get_array_memory_size())
    };
    batch.columns().iter().map(bytes).sum()
}
