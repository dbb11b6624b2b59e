//! Files as batches of rows.

use std::{
    fs::File,
    io::{BufReader, Seek},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, bail};
use arrow::{array::RecordBatch, csv, json};
use clap::ValueEnum;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The formats of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// With a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// A file's rows.
pub struct Rows {
    /// How many there are, where the format tells.
    pub total: Option<u64>,
    /// The rows, in batches.
    pub batches: Box<dyn Iterator<Item = anyhow::Result<RecordBatch>>>,
}

/// Opens a file.
///
/// # Errors
/// When it can't be read, or its format is not known.
pub fn open(path: &Path, format: Option<FileFormat>, batch_rows: usize) -> anyhow::Result<Rows> {
    let format = match format.or_else(|| by_ending(path)) {
        Some(format) => format,
        None => bail!("{} does not end in .csv, .ndjson, .jsonl or .parquet: say --format", path.display()),
    };
    let file = File::open(path).with_context(|| format!("{} can't be opened", path.display()))?;
    let rows = match format {
        FileFormat::Csv => open_csv(file, batch_rows),
        FileFormat::Ndjson => open_ndjson(file, batch_rows),
        FileFormat::Parquet => open_parquet(file, batch_rows),
    };
    rows.with_context(|| format!("{} can't be read as {format:?}", path.display()))
}

fn by_ending(path: &Path) -> Option<FileFormat> {
    match path.extension()?.to_str()? {
        "csv" => Some(FileFormat::Csv),
        "ndjson" | "jsonl" => Some(FileFormat::Ndjson),
        "parquet" => Some(FileFormat::Parquet),
        _ => None,
    }
}

fn open_csv(mut file: File, batch_rows: usize) -> anyhow::Result<Rows> {
    let format = csv::reader::Format::default().with_header(true);
    let (schema, total) = format.infer_schema(BufReader::new(&file), None)?;
    file.rewind()?;
    let reader = csv::ReaderBuilder::new(Arc::new(schema))
        .with_format(format)
        .with_batch_size(batch_rows)
        .build_buffered(BufReader::new(file))?;
    Ok(Rows { total: Some(total as u64), batches: Box::new(reader.map(|batch| batch.context("a row can't be read"))) })
}

fn open_ndjson(file: File, batch_rows: usize) -> anyhow::Result<Rows> {
    let mut reader = BufReader::new(file);
    let (schema, total) = json::reader::infer_json_schema_from_seekable(&mut reader, None)?;
    let reader = json::ReaderBuilder::new(Arc::new(schema)).with_batch_size(batch_rows).build(reader)?;
    Ok(Rows { total: Some(total as u64), batches: Box::new(reader.map(|batch| batch.context("a line can't be read"))) })
}

fn open_parquet(file: File, batch_rows: usize) -> anyhow::Result<Rows> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let total = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
    let reader = builder.with_batch_size(batch_rows).build()?;
    Ok(Rows { total, batches: Box::new(reader.map(|batch| batch.context("a page can't be read"))) })
}
