//! Rows out: the formats in which rows go, chosen by `Accept`.

mod accept;
mod answer;
mod arrow_stream;
mod cells;
mod csv;
mod json;
mod page;
mod parquet_file;
mod table_json;

use arrow::{array::RecordBatch, datatypes::SchemaRef};

pub use self::{accept::accepted, answer::stream, page::page};
use crate::{ingest::Format, problem::Problem};

/// Turns batches of rows into bytes of one format.
pub trait RowEncoder: Send {
    /// Adds rows.
    ///
    /// # Errors
    /// 422 for a value that the format can't have.
    fn write(&mut self, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Problem>;

    /// Ends the rows, which go on at `next_cursor`.
    ///
    /// # Errors
    /// As [`Self::write`].
    fn finish(&mut self, next_cursor: Option<&str>, out: &mut Vec<u8>) -> Result<(), Problem>;
}

/// An encoder for predictions; what comes before the rows is in `out` already.
///
/// # Errors
/// 500 when the format can't have the columns, which no model's are.
pub fn predictions(format: Format, schema: &SchemaRef, out: &mut Vec<u8>) -> Result<Box<dyn RowEncoder>, Problem> {
    Ok(match format {
        Format::Json => Box::new(json::Page::begin(out)),
        Format::Ndjson => Box::new(json::Lines),
        Format::Csv => Box::new(csv::Csv::begin(schema, out)?),
        Format::ArrowStream => Box::new(arrow_stream::ArrowStream::begin(schema, out)?),
        Format::Parquet => Box::new(parquet_file::ParquetFile::begin(schema)?),
    })
}

/// One prediction as a JSON object.
///
/// # Errors
/// As [`predictions`].
pub fn object(row: &RecordBatch) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::new();
    json::Lines.write(row, &mut out)?;
    Ok(out)
}

/// An encoder for the table that answers a query, JSON or Arrow.
///
/// # Errors
/// As [`RowEncoder::write`].
pub fn table(format: Format, schema: &SchemaRef, out: &mut Vec<u8>) -> Result<Box<dyn RowEncoder>, Problem> {
    Ok(match format {
        Format::ArrowStream => Box::new(arrow_stream::ArrowStream::begin(schema, out)?),
        _ => Box::new(table_json::TableJson::begin(schema, out)?),
    })
}
