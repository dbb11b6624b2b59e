//! Tables as bytes of a request.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    },
    ipc::writer::StreamWriter,
};
use parquet::arrow::ArrowWriter;
use uuid::Uuid;

/// The media types of requests.
pub const JSON: &str = "application/json";
/// One JSON object a line.
pub const NDJSON: &str = "application/x-ndjson";
/// Comma-separated values.
pub const CSV: &str = "text/csv";
/// An Arrow IPC stream.
pub const ARROW: &str = "application/vnd.apache.arrow.stream";
/// A Parquet file.
pub const PARQUET: &str = "application/vnd.apache.parquet";

/// A table of named columns.
pub fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).expect("columns of equal length")
}

/// A column of whole numbers.
pub fn integer(cells: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(cells))
}

/// A column of doubles.
pub fn float(cells: impl IntoIterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(cells))
}

/// A column of texts.
pub fn text<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(cells))
}

/// A column of instants, microseconds UTC.
pub fn time(micros: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC"))
}

/// A column of ids as 16 bytes each.
pub fn id_column(ids: &[Uuid]) -> ArrayRef {
    Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter().map(Uuid::as_bytes)).expect("at least one id"))
}

/// A batch as an Arrow IPC stream.
pub fn arrow_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref()).expect("a stream");
    writer.write(batch).expect("a batch is written");
    writer.into_inner().expect("the stream ends")
}

/// A batch as a Parquet file.
pub fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a file");
    writer.write(batch).expect("a batch is written");
    writer.close().expect("the file ends");
    bytes
}
