//! Batches from an Arrow IPC stream or file.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use arrow::{
    array::RecordBatch,
    error::ArrowError,
    ipc::{self, MessageHeader, reader::StreamReader},
};
use bytes::Bytes;

use super::refusal::{Fault, Refusal};

/// How a file in the Arrow IPC file format starts; zeros and a stream follow.
const FILE_MAGIC: &[u8] = b"ARROW1\0\0";
/// Comes before the length of a message's header.
const CONTINUATION: u32 = u32::MAX;
/// The most rows in a request. Constant columns take no bytes, so the size of the body does not bound them.
const MAX_ROWS: i64 = 16 << 20;
/// The most cells in one array: lists have more than there are rows.
const MAX_CELLS: i64 = 1 << 30;
/// The most bytes that all compressed buffers together may decode to.
const MAX_DECODED_BYTES: i64 = 2 << 30;

/// Reads every batch.
///
/// # Errors
/// [`Fault::InvalidArrow`] for anything that is not one, and for streams that
/// decode to more than 2^24 rows or 2 GiB.
pub fn read(body: &Bytes) -> Result<Vec<RecordBatch>, Refusal> {
    let stream = body.slice(stream_start(body)..);
    let decode = || -> Result<Vec<RecordBatch>, ArrowError> {
        check_promises(&stream).map_err(ArrowError::IpcError)?;
        StreamReader::try_new(Cursor::new(stream.clone()), None)?.collect()
    };
    // The reader trusts offsets and types in places; a lie must not cost more than this request.
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

fn stream_start(body: &[u8]) -> usize {
    match body.strip_prefix(FILE_MAGIC) {
        Some(rest) => FILE_MAGIC.len() + rest.iter().take_while(|byte| **byte == 0).count(),
        None => 0,
    }
}

/// Walks the headers of all messages. The reader takes as much memory as they
/// promise, so each promise is held against the body, or a limit, before.
fn check_promises(stream: &[u8]) -> Result<(), String> {
    let (mut rest, mut rows, mut decoded) = (stream, 0, 0);
    while let Some((header, body_and_rest)) = next_header(rest)? {
        let message =
            ipc::root_as_message(header).map_err(|error| format!("a message's header is damaged: {error}"))?;
        let length = usize::try_from(message.bodyLength()).map_err(|_| "a message has a negative length")?;
        let body = body_and_rest.get(..length).ok_or("it ends within a message")?;
        rest = body_and_rest.get(length..).unwrap_or_default();
        let batch = match message.header_type() {
            MessageHeader::RecordBatch => message.header_as_record_batch(),
            MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
            _ => None,
        };
        if let Some(batch) = batch {
            rows += within(batch.length(), MAX_ROWS, "rows")?;
            decoded += promised_bytes(&batch, body)?;
            within(rows, MAX_ROWS, "rows")?;
            within(decoded, MAX_DECODED_BYTES, "bytes")?;
        }
    }
    Ok(())
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

/// How many bytes a batch's compressed buffers say they decode to.
fn promised_bytes(batch: &ipc::RecordBatch<'_>, body: &[u8]) -> Result<i64, String> {
    for node in batch.nodes().into_iter().flatten() {
        within(node.length(), MAX_CELLS, "cells in one array")?;
    }
    if batch.compression().is_none() {
        return Ok(0);
    }
    let mut promised = 0;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).unwrap_or(usize::MAX);
        // A compressed buffer starts with its decoded length; -1 says that it is not compressed.
        if let Some(length) = body.get(start..).and_then(|buffer| buffer.first_chunk()).filter(|_| buffer.length() >= 8)
        {
            promised += within(i64::from_le_bytes(*length).max(0), MAX_DECODED_BYTES, "bytes")?;
        }
    }
    Ok(promised)
}

fn within(promised: i64, limit: i64, what: &str) -> Result<i64, String> {
    match promised {
        ..0 => Err(format!("it promises {promised} {what}")),
        _ if promised > limit => Err(format!("it holds more than {limit} {what}: send it in parts")),
        _ => Ok(promised),
    }
}
