//! Batches from a Parquet file.

mod groups;

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::{
    array::{Array, RecordBatch},
    error::ArrowError,
};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

pub use self::groups::Groups;
use super::refusal::{Fault, Refusal};

const ROWS_A_BATCH: usize = 64 * 1024;
/// The most rows of a body that is no larger than it needs to be. Columns of few values take few bytes, so the size
/// of a body does not bound its rows.
const MAX_ROWS: i64 = 16 << 20;
/// The most bytes that all rows of a small body together may take once decoded.
const MAX_DECODED_BYTES: usize = 4 << 30;
/// How many bytes one byte of a large body may stand for.
const MAX_RATIO: usize = 64;

/// Reads every batch.
///
/// # Errors
/// [`Fault::InvalidParquet`] for anything that is not one, and for files that
/// decode to more than 2^24 rows or 4 GiB.
pub fn read(body: &Bytes) -> Result<Vec<RecordBatch>, Refusal> {
    guarded(|| decode(body))
}

/// Runs the reader, which trusts lengths and levels in places; a lie must not cost more than this request.
fn guarded<T>(decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, Refusal> {
    let problem = match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(decoded)) => return Ok(decoded),
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
    check_rows(reader.metadata().file_metadata().num_rows(), body.len() as u64)?;
    let (mut batches, mut decoded) = (Vec::new(), Decoded::of(body.len() as u64));
    for batch in reader.build()? {
        let batch = batch?;
        decoded.check(&batch)?;
        batches.push(batch);
    }
    Ok(batches)
}

/// How many bytes the rows of a body will take at least; 0 for what can't be read.
pub fn decoded_bytes(body: &Bytes) -> i64 {
    let promised = guarded(|| {
        let metadata = ArrowReaderMetadata::load(body, ArrowReaderOptions::new())?;
        let (file, columns) = (metadata.metadata().file_metadata(), metadata.schema().fields().len());
        let bytes = metadata.metadata().row_groups().iter().map(|group| group.total_byte_size());
        let cells = file.num_rows().saturating_mul(i64::try_from(columns).unwrap_or(i64::MAX));
        Ok(bytes.fold(0, i64::saturating_add).max(cells.saturating_mul(8)))
    });
    promised.unwrap_or(0)
}

fn check_rows(rows: i64, bytes: u64) -> Result<(), ArrowError> {
    let most = MAX_ROWS.max(i64::try_from(bytes).unwrap_or(i64::MAX));
    if rows > most {
        return Err(ArrowError::ParquetError(format!("it holds more than {most} rows: send it in parts")));
    }
    Ok(())
}

/// How many bytes the rows so far take, and how many they may.
struct Decoded {
    bytes: usize,
    most: usize,
}

impl Decoded {
    /// Of a body of so many bytes.
    fn of(bytes: u64) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self { bytes: 0, most: MAX_DECODED_BYTES.max(bytes.saturating_mul(MAX_RATIO)) }
    }

    fn check(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.bytes += batch.columns().iter().map(|column| column.get_array_memory_size()).sum::<usize>();
        if self.bytes > self.most {
            let most = self.most;
            return Err(ArrowError::ParquetError(format!("it decodes to more than {most} bytes: send it in parts")));
        }
        Ok(())
    }
}
