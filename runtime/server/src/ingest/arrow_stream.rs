//! Batches from an Arrow IPC stream or file.

mod messages;
mod promises;

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use arrow::{array::RecordBatch, error::ArrowError, ipc::reader::StreamReader};
use bytes::Bytes;

pub use self::messages::Messages;
use self::promises::{CONTINUATION, Promises};
use super::refusal::{Fault, Refusal};

/// How a file in the Arrow IPC file format starts; zeros and a stream follow.
const FILE_MAGIC: &[u8] = b"ARROW1\0\0";

/// Reads every batch.
///
/// # Errors
/// [`Fault::InvalidArrow`] for anything that is not one, and for streams that
/// decode to more than 2^24 rows or 2 GiB.
pub fn read(body: &Bytes) -> Result<Vec<RecordBatch>, Refusal> {
    let stream = body.slice(stream_start(body)..);
    let decode = || -> Result<Vec<RecordBatch>, ArrowError> {
        promises(&stream).map_err(ArrowError::IpcError)?;
        StreamReader::try_new(Cursor::new(stream.clone()), None)?.collect()
    };
    // The reader trusts offsets and types in places; a lie must not cost more than this request.
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(batches)) => Ok(batches),
        Ok(Err(error)) => Err(refused(&error.to_string())),
        Err(_) => Err(refused("its buffers contradict its header")),
    }
}

fn refused(problem: &str) -> Refusal {
    let detail =
        format!("the body is not an Arrow IPC stream: {problem}; write it with an IPC stream writer and send it whole");
    Refusal::whole(Fault::InvalidArrow, detail)
}

fn stream_start(body: &[u8]) -> usize {
    match body.strip_prefix(FILE_MAGIC) {
        Some(rest) => FILE_MAGIC.len() + rest.iter().take_while(|byte| **byte == 0).count(),
        None => 0,
    }
}

/// How many bytes the rows of a body will take at least; 0 for what can't be read.
pub fn decoded_bytes(body: &Bytes) -> i64 {
    promises(&body[stream_start(body)..]).map_or(0, |promises| promises.decoded_bytes())
}

/// Walks the headers of all messages, before memory is taken for any.
fn promises(stream: &[u8]) -> Result<Promises, String> {
    let (mut rest, mut promises) = (stream, Promises::of(stream.len() as u64));
    while let Some((header, body_and_rest)) = next_header(rest)? {
        let message = promises::message(header)?;
        let length = promises::body_length(&message)?;
        let body = body_and_rest.get(..length).ok_or("it ends within a message")?;
        rest = body_and_rest.get(length..).unwrap_or_default();
        promises.check(&message, body)?;
    }
    Ok(promises)
}

type HeaderAndRest<'a> = (&'a [u8], &'a [u8]);

/// The next message's header, and what follows it; none at the end of the stream.
fn next_header(stream: &[u8]) -> Result<Option<HeaderAndRest<'_>>, String> {
    let word = |at: usize| Some(u32::from_le_bytes(stream.get(at..at + 4)?.try_into().ok()?));
    let (length, start) = match word(0) {
        Some(CONTINUATION) => (word(4).ok_or("it ends within a message")?, 8),
        Some(length) => (length, 4),
        None => return Ok(None),
    };
    if length == 0 {
        return Ok(None);
    }
    let end = start + length as usize;
    let header = stream.get(start..end).ok_or("it ends within a message")?;
    Ok(Some((header, stream.get(end..).unwrap_or_default())))
}
