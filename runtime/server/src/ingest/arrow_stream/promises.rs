//! What the headers of Arrow messages promise, held against what may be: the
//! reader takes as much memory as they say.

use arrow::ipc::{self, MessageHeader};

/// Comes before the length of a message's header.
pub const CONTINUATION: u32 = u32::MAX;
/// The most rows of a body that is no larger than it needs to be. Constant columns take no bytes, so the size of a
/// body does not bound its rows.
const MAX_ROWS: i64 = 16 << 20;
/// The most cells in one array: lists have more than there are rows.
const MAX_CELLS: i64 = 1 << 30;
/// The most bytes that the compressed buffers of one message may decode to, and of a small body together.
const MAX_DECODED_BYTES: i64 = 2 << 30;
/// How many bytes one byte of a large body may stand for.
const MAX_RATIO: i64 = 64;

/// What all messages so far promised, and how much that may be.
#[derive(Debug)]
pub struct Promises {
    rows: i64,
    cells: i64,
    decoded: i64,
    max_rows: i64,
    max_decoded: i64,
}

impl Promises {
    /// Of a body of so many bytes: more of them may stand for more rows.
    pub fn of(bytes: u64) -> Self {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let max_decoded = MAX_DECODED_BYTES.max(bytes.saturating_mul(MAX_RATIO));
        Self { rows: 0, cells: 0, decoded: 0, max_rows: MAX_ROWS.max(bytes), max_decoded }
    }

    /// How many bytes the rows will take at least.
    pub fn decoded_bytes(&self) -> i64 {
        self.decoded.max(self.cells.saturating_mul(8))
    }

    /// Takes in the header of a message with this body.
    ///
    /// # Errors
    /// What it promises that can't be.
    pub fn check(&mut self, message: &ipc::Message<'_>, body: &[u8]) -> Result<(), String> {
        let batch = match message.header_type() {
            MessageHeader::RecordBatch => message.header_as_record_batch(),
            MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
            _ => None,
        };
        let Some(batch) = batch else { return Ok(()) };
        self.rows += within(batch.length(), self.max_rows, "rows")?;
        let nodes = batch.nodes().into_iter().flatten().map(|node| node.length().max(batch.length()));
        self.cells = nodes.fold(self.cells, i64::saturating_add);
        self.decoded += promised_bytes(&batch, body)?;
        within(self.rows, self.max_rows, "rows")?;
        within(self.decoded, self.max_decoded, "bytes")?;
        Ok(())
    }
}

/// The header of a message.
///
/// # Errors
/// That it is damaged.
pub fn message(header: &[u8]) -> Result<ipc::Message<'_>, String> {
    ipc::root_as_message(header).map_err(|error| format!("a message's header is damaged: {error}"))
}

/// How long the body of a message says it is.
///
/// # Errors
/// That it can't be so long.
pub fn body_length(message: &ipc::Message<'_>) -> Result<usize, String> {
    usize::try_from(message.bodyLength()).map_err(|_| "a message has a negative length".into())
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
            within(promised, MAX_DECODED_BYTES, "bytes")?;
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
