//! Batches from a Parquet file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::{array::RecordBatch, error::ArrowError};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::refusal::{Fault, Refusal};

const ROWS_A_BATCH: usize = 64 * 1024;

/// Reads every batch.
///
/// # Errors
/// [`Fault::InvalidParquet`] for anything that is not one.
pub fn read(body: &Bytes) -> Result<Vec<RecordBatch>, Refusal> {
    let decode = || -> Result<Vec<RecordBatch>, ArrowError> {
        ParquetRecordBatchReaderBuilder::try_new(body.clone())?.with_batch_size(ROWS_A_BATCH).build()?.collect()
    };
    // The reader trusts lengths and levels in places; a lie must not cost more than this request.
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    let problem = match outcome {
        Ok(Ok(batches)) => return Ok(batches),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its pages contradict its footer".into(),
    };
    let detail = format!(
        "the body is not a Parquet file that can be read: {problem}; \
         write it again (uncompressed, snappy, lz4 or zstd) and send it whole"
    );
    Err(Refusal::whole(Fault::InvalidParquet, detail))
}
