//! Rows of an upload that are sorted and written together.

use arrow::array::{Array, RecordBatch};

use crate::{Error, writer::Chunk};

/// How many bytes of rows are gathered before they are written.
pub(crate) const RUN_BYTES: usize = 64 << 20;

/// The rows gathered so far.
#[derive(Default)]
pub(crate) struct Run {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
}

impl Run {
    /// Adds rows behind those there are.
    pub fn add(&mut self, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.rows += batch.num_rows();
            self.bytes += size(&batch);
            self.batches.push(batch);
        }
    }

    /// Whether it is time to write them; a segment has at most `segment_rows`.
    pub fn is_full(&self, segment_rows: usize) -> bool {
        self.bytes >= RUN_BYTES || self.rows >= segment_rows
    }

    /// Hands over the rows.
    pub fn take(&mut self) -> Vec<RecordBatch> {
        std::mem::take(self).batches
    }

    /// Hands over the rows in the form in which the log keeps them.
    pub fn take_chunks(&mut self) -> Result<Vec<Chunk>, Error> {
        let batches = self.take();
        let chunks = batches.iter().map(Chunk::cut).collect::<Result<Vec<_>, _>>()?;
        Ok(chunks.into_iter().flatten().collect())
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
