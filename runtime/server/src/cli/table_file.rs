//! CSV, NDJSON and Parquet files as batches.

use std::{
    fs::File,
    io::{BufReader, Seek},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    csv, json,
};
use clap::ValueEnum;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The format of a file with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// An open file and how many rows it has, where that is known.
pub struct TableFile {
    /// Its batches.
    pub batches: Box<dyn Iterator<Item = Result<RecordBatch>>>,
    /// How many rows they hold.
    pub rows: Option<u64>,
}

/// How many rows are looked at to find the types of a CSV or NDJSON file: all.
const ALL: Option<usize> = None;

impl FileFormat {
    /// The format that the file's name ends in.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// Opens a file of rows.
///
/// # Errors
/// When it can't be read as `format`.
pub fn open(path: &Path, format: Option<FileFormat>, batch_rows: usize) -> Result<TableFile> {
    let Some(format) = format.or_else(|| FileFormat::of(path)) else {
        bail!("what format is {}? Name it with --format csv, ndjson or parquet", path.display());
    };
    let context = || format!("reading {}", path.display());
    let mut file = File::open(path).with_context(context)?;
    match format {
        FileFormat::Csv => {
            let format = csv::reader::Format::default().with_header(true);
            let (schema, rows) = format.infer_schema(BufReader::new(&file), ALL).with_context(context)?;
            file.rewind()?;
            let reader = csv::ReaderBuilder::new(Arc::new(schema)).with_header(true).with_batch_size(batch_rows);
            Ok(TableFile { batches: batches(reader.build(file)?), rows: Some(rows as u64) })
        }
        FileFormat::Ndjson => {
            let (schema, rows) = json::reader::infer_json_schema(BufReader::new(&file), ALL).with_context(context)?;
            file.rewind()?;
            let reader = json::ReaderBuilder::new(Arc::new(schema)).with_batch_size(batch_rows);
            Ok(TableFile { batches: batches(reader.build(BufReader::new(file))?), rows: Some(rows as u64) })
        }
        FileFormat::Parquet => parquet(ParquetRecordBatchReaderBuilder::try_new(file).with_context(context)?, batch_rows),
    }
}

/// The rows of a Parquet file that is in memory.
///
/// # Errors
/// When it is no Parquet file.
pub fn from_parquet(bytes: &'static [u8], batch_rows: usize) -> Result<TableFile> {
    parquet(ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from_static(bytes))?, batch_rows)
}

fn parquet<T: parquet::file::reader::ChunkReader + 'static>(
    builder: ParquetRecordBatchReaderBuilder<T>,
    batch_rows: usize,
) -> Result<TableFile> {
    let rows = builder.metadata().file_metadata().num_rows();
    let reader = builder.with_batch_size(batch_rows).build()?;
    Ok(TableFile { batches: batches(reader), rows: u64::try_from(rows).ok() })
}

fn batches(
    reader: impl Iterator<Item = Result<RecordBatch, arrow::error::ArrowError>> + 'static,
) -> Box<dyn Iterator<Item = Result<RecordBatch>>> {
    Box::new(reader.map(|batch| flat(&batch.context("the file is damaged or its rows do not fit its columns")?)))
}

/// Nested objects as dotted columns; the `metrics` of a row in the form of the interface are its columns.
fn flat(batch: &RecordBatch) -> Result<RecordBatch> {
    let mut columns = Vec::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        flatten(field.name(), array, &mut columns);
    }
    let named = columns.into_iter().map(|(name, array)| (name.strip_prefix("metrics.").map_or(name.clone(), str::to_owned), array));
    Ok(RecordBatch::try_from_iter_with_nullable(named.map(|(name, array)| (name, array, true)))?)
}

fn flatten(name: &str, array: &ArrayRef, columns: &mut Vec<(String, ArrayRef)>) {
    match array.as_struct_opt() {
        None => columns.push((name.to_owned(), Arc::clone(array))),
        Some(object) => {
            for (field, values) in object.fields().iter().zip(object.columns()) {
                let values = match (object.nulls(), values.nulls()) {
                    (Some(outer), _) if outer.null_count() > 0 => hidden(values, outer),
                    _ => Arc::clone(values),
                };
                flatten(&format!("{name}.{}", field.name()), &values, columns);
            }
        }
    }
}

/// The cells of `values` whose object is there.
fn hidden(values: &ArrayRef, outer: &arrow::buffer::NullBuffer) -> ArrayRef {
    let missing = arrow::array::BooleanArray::new(!outer.inner(), None);
    arrow::compute::nullif(values, &missing).unwrap_or_else(|_| Arc::clone(values))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn columns(name: &str, text: &str) -> Vec<(String, String)> {
        let mut file = tempfile::Builder::new().suffix(name).tempfile().expect("file");
        file.write_all(text.as_bytes()).expect("writes");
        let table = open(file.path(), None, 10).expect("opens");
        assert_eq!(table.rows, Some(2));
        let batch = table.batches.map(|batch| batch.expect("reads")).next().expect("a batch");
        let schema = batch.schema();
        schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
    }

    #[test]
    fn reads_flat_and_nested_rows() {
        let named = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect::<Vec<_>>();
        assert_eq!(columns(".csv", "a,b\n1,x\n2.5,y\n"), named(&[("a", "Float64"), ("b", "Utf8")]));
        let nested = "{\"id\":\"u\",\"metrics\":{\"x\":1,\"in\":{\"y\":true}}}\n{\"id\":\"v\",\"metrics\":{\"x\":2}}\n";
        assert_eq!(columns(".ndjson", nested), named(&[("id", "Utf8"), ("in.y", "Boolean"), ("x", "Int64")]));
        assert!(open(Path::new("rows.xyz"), None, 10).is_err());
    }
}
