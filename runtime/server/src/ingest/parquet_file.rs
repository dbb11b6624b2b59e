//! Batches from a Parquet file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::{
    array::{Array, RecordBatch},
    error::ArrowError,
};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::refusal::{Fault, Refusal};

const ROWS_A_BATCH: usize = 64 * 1024;
/// The most rows in a request. Columns of few values take few bytes, so the size of the body does not bound them.
const MAX_ROWS: i64 = 16 << 20;
/// The most bytes that all rows together may take once decoded.
const MAX_DECODED_BYTES: usize = 4 << 30;

/// Reads every batch.
///
/// # Errors
/// [`Fault::InvalidParquet`] for anything that is not one, and for files that
/// decode to more than 2^24 rows or 4 GiB.
pub fn read(body: &Bytes) -> Result<Vec<RecordBatch>, Refusal> {
    let decode = || decode(body);
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

fn decode(body: &Bytes) -> Result<Vec<RecordBatch>, ArrowError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(body.clone())?.with_batch_size(ROWS_A_BATCH);
    if reader.metadata().file_metadata().num_rows() > MAX_ROWS {
        return Err(ArrowError::ParquetError(format!("it holds more than {MAX_ROWS} rows: send it in parts")));
    }
    let (mut batches, mut bytes) = (Vec::new(), 0);
    for batch in reader.build()? {
        let batch = batch?;
        bytes += batch.columns().iter().map(|column| column.get_array_memory_size()).sum::<usize>();
        if bytes > MAX_DECODED_BYTES {
            return Err(ArrowError::ParquetError(format!(
                "it decodes to more than {MAX_DECODED_BYTES} bytes: send it in parts"
            )));
        }
        batches.push(batch);
    }
    Ok(batches)
}
