//! From the bytes of a request to Arrow batches: every format ends in the same checked shape.
//!
//! A body is accepted whole or refused whole; see [`Refusal`] for what a
//! refusal says.

mod arrow_stream;
mod big_integers;
mod cells;
mod columns;
mod csv;
mod distinct;
mod flatten;
mod format;
mod ids;
mod instant;
mod json;
mod keys;
mod parquet_file;
mod piece;
mod refusal;
mod scalar;
mod spool;
mod stream;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, RecordBatch, RecordBatchOptions},
    datatypes::{FieldRef, Schema as ArrowSchema},
};
use bytes::Bytes;
use driftline_core::{Schema, Time};
use uuid::Uuid;

use self::{columns::Columns, keys::Keys};
pub use self::{
    flatten::columns as flat_columns,
    format::Format,
    ids::IdMaker,
    instant::now,
    piece::Failure,
    refusal::{Fault, Refusal, excerpt},
    spool::Spool,
    stream::Stream,
};

/// What the rows of a body are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// Predictions.
    Predictions,
    /// Cells for earlier predictions.
    Delayed,
    /// Rows of a reference dataset.
    Dataset,
}

impl RowKind {
    /// The fields that a row of this kind may have, for messages.
    fn fields(self) -> &'static str {
        match self {
            Self::Predictions => "id, time, end_time, deployment and metrics",
            Self::Delayed => "id and metrics",
            Self::Dataset => "metrics",
        }
    }
}

/// Some rows of a body, decoded and checked.
#[derive(Debug, Clone)]
pub struct Part {
    /// The rows, at least one, in the column types of the model.
    pub batch: RecordBatch,
    /// The id of every row, in order; none for datasets.
    pub ids: Vec<Uuid>,
    /// Whether ids came with predictions, so that they may have come before.
    pub sent_ids: bool,
}

/// A body, decoded and checked.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The rows, in the column types of the model; empty batches are left out.
    pub batches: Vec<RecordBatch>,
    /// The id of every row, in order; none for datasets.
    pub ids: Vec<Uuid>,
    /// How many rows.
    pub rows: usize,
    /// Whether predictions came with ids, so that they may have come before.
    pub sent_ids: bool,
    /// Columns of a dataset that were left out because of their names.
    pub ignored: Vec<String>,
}

/// Rows of one batch on their way to a [`Decoded`].
#[derive(Debug, Default)]
struct Rows {
    keys: Keys,
    rows: usize,
    metrics: Vec<(FieldRef, ArrayRef)>,
}

/// More decoded bytes than this are not held at once.
const MOST_DECODED_BYTES: i64 = 64 << 20;

/// Whether few bytes stand for so many rows that they are better decoded piece by piece.
pub fn is_dense(format: Format, body: &Bytes) -> bool {
    let decoded = match format {
        Format::ArrowStream => arrow_stream::decoded_bytes(body),
        Format::Parquet => parquet_file::decoded_bytes(body),
        Format::Json | Format::Ndjson | Format::Csv => 0,
    };
    decoded > MOST_DECODED_BYTES
}

/// Decodes a body against a model's `schema`; `now` is the time of rows without one.
///
/// # Errors
/// What is wrong first, and where.
pub fn decode(format: Format, kind: RowKind, body: &Bytes, schema: &Schema, now: Time) -> Result<Decoded, Refusal> {
    let mut ignored = Vec::new();
    let parts = match format {
        Format::Json => vec![json::read(body, kind, Columns::new(schema.clone()))?],
        Format::Ndjson => vec![json::read_lines(body, kind, Columns::new(schema.clone()))?],
        Format::Csv => table::read(vec![csv::read(body, schema)?], kind, schema, &mut ignored)?,
        Format::ArrowStream => table::read(arrow_stream::read(body)?, kind, schema, &mut ignored)?,
        Format::Parquet => table::read(parquet_file::read(body)?, kind, schema, &mut ignored)?,
    };
    let mut decoded = assemble(parts, kind, now)?;
    decoded.ignored = ignored;
    Ok(decoded)
}

fn assemble(parts: Vec<Rows>, kind: RowKind, now: Time) -> Result<Decoded, Refusal> {
    let mut assembly = Assembly::new(kind, now);
    let mut decoded = Decoded { batches: Vec::new(), ids: Vec::new(), rows: 0, sent_ids: false, ignored: Vec::new() };
    for part in parts.into_iter().filter(|part| part.rows > 0) {
        let Part { batch, ids, sent_ids } = assembly.add(part)?;
        decoded.sent_ids |= sent_ids;
        decoded.batches.push(batch);
        decoded.ids.extend(ids);
    }
    decoded.rows = assembly.rows;
    if decoded.sent_ids {
        keys::distinct(&decoded.ids)?;
    }
    Ok(decoded)
}

/// Gives rows the keys that did not come with them, and one batch each part.
struct Assembly {
    kind: RowKind,
    now: Time,
    maker: IdMaker,
    rows: usize,
}

impl Assembly {
    fn new(kind: RowKind, now: Time) -> Self {
        Self { kind, now, maker: IdMaker::new(), rows: 0 }
    }

    fn add(&mut self, part: Rows) -> Result<Part, Refusal> {
        let sent_ids = self.kind == RowKind::Predictions && part.keys.ids.iter().any(Option::is_some);
        let (mut columns, ids) = match self.kind {
            RowKind::Predictions => part.keys.finish_predictions(self.now, &mut self.maker),
            RowKind::Delayed => part.keys.finish_delayed(self.rows)?,
            RowKind::Dataset => (Vec::new(), Vec::new()),
        };
        columns.extend(part.metrics);
        self.rows += part.rows;
        Ok(Part { batch: batch(columns, part.rows)?, ids, sent_ids })
    }
}

fn batch(columns: Vec<(FieldRef, ArrayRef)>, rows: usize) -> Result<RecordBatch, Refusal> {
    let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)
        .map_err(|error| Refusal::whole(Fault::TypeMismatch, error.to_string()))
}
