//! Batches from an Arrow IPC stream or file.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use arrow::{
    array::RecordBatch,
    error::ArrowError,
    ipc::reader::{FileReader, StreamReader},
};
use bytes::Bytes;

use super::refusal::{Fault, Refusal};

const FILE_MAGIC: &[u8] = b"ARROW1";

/// Reads every batch.
///
/// # Errors
/// [`Fault::InvalidArrow`] for anything that is not one.
pub fn read(body: &Bytes) -> Result<Vec<RecordBatch>, Refusal> {
    let decode = || -> Result<Vec<RecordBatch>, ArrowError> {
        if body.starts_with(FILE_MAGIC) {
            return FileReader::try_new(Cursor::new(body.clone()), None)?.collect();
        }
        StreamReader::try_new(Cursor::new(body.clone()), None)?.collect()
    };
    // The reader trusts lengths and offsets in places; a lie must not cost more than this request.
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    let problem = match outcome {
        Ok(Ok(batches)) => return Ok(batches),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its buffers contradict its header".into(),
    };
    let detail =
        format!("the body is not an Arrow IPC stream: {problem}; write it with an IPC stream writer and send it whole");
    Err(Refusal::whole(Fault::InvalidArrow, detail))
}
