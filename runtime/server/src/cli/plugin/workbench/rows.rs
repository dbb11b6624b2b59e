//! Files as rows of a model or a dataset, by the same road as the bodies of requests.

use std::{fs::File, path::Path, sync::Arc};

use anyhow::{Context, bail};
use arrow::{
    array::{ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch},
    compute::{max, min},
    datatypes::TimestampMicrosecondType,
};
use driftline_core::{ID, Name, Schema, TIME, Time, Window};
use driftline_storage::{Committed, Kind, NewUpload, Started, Storage, Unique};

use super::said;
use crate::ingest::{Format, RowKind, Spool, Stream};

/// The rows of a file.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// How many there are.
    pub rows: u64,
    /// Their columns.
    pub schema: Schema,
    /// The shortest window that holds all of them.
    pub window: Window,
}

/// The format of a file, by its ending.
///
/// # Errors
/// When the ending is of none.
fn format_of(file: &Path) -> anyhow::Result<Format> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Ok(Format::Csv),
        Some("ndjson" | "jsonl") => Ok(Format::Ndjson),
        Some("json") => Ok(Format::Json),
        Some("parquet") => Ok(Format::Parquet),
        Some("arrow" | "arrows" | "ipc") => Ok(Format::ArrowStream),
        _ => bail!("{} does not end in .csv, .ndjson, .jsonl, .json, .parquet or .arrow", file.display()),
    }
}

/// The rows become predictions. Without times all have the same, without ids they are in the order of the file.
pub fn predictions(storage: &Storage, model: &Name, file: &Path) -> anyhow::Result<Loaded> {
    let mut stream = open(storage, RowKind::Predictions, &Schema::default(), file)?;
    let new = NewUpload {
        model: model.clone(),
        kind: Kind::Predictions,
        create_model: true,
        retry: None,
        unique: Some(Unique { count: |answer, _| answer.to_owned() }),
    };
    let Started::Fresh(mut upload) = storage.start_upload(new).map_err(said)? else {
        bail!("the rows were loaded before");
    };
    let mut times: Option<(i64, i64)> = None;
    let mut rows = 0_u64;
    while let Some(part) = stream.next_part().map_err(said).with_context(|| refused(file))? {
        let batch = if part.sent_ids { part.batch } else { numbered(&part.batch, rows)? };
        rows += batch.num_rows() as u64;
        let column = batch.column_by_name(TIME).context("rows have a time")?;
        let column = column.as_primitive::<TimestampMicrosecondType>();
        if let (Some(first), Some(last)) = (min(column), max(column)) {
            let (earliest, latest) = times.unwrap_or((first, last));
            times = Some((earliest.min(first), latest.max(last)));
        }
        upload.write(&batch, part.sent_ids).map_err(said)?;
    }
    let Some((first, last)) = times else { bail!("{} has no rows", file.display()) };
    match upload.commit(String::new()).map_err(said)? {
        Committed::Fresh { schema, .. } => {
            let window = Window::new(Time::from_micros(first)?, Time::from_micros(last.saturating_add(1))?)?;
            Ok(Loaded { rows, schema, window })
        }
        Committed::Replayed(_) | Committed::Outrun => bail!("the rows were not kept"),
    }
}

/// The rows become a dataset of the model; gives their number.
pub fn dataset(storage: &Storage, model: &Name, name: &Name, file: &Path) -> anyhow::Result<u64> {
    let schema = storage.model(model).map_err(said)?.map(|model| model.schema).unwrap_or_default();
    let mut stream = open(storage, RowKind::Dataset, &schema, file)?;
    let mut upload = storage.start_dataset(model, name).map_err(said)?;
    while let Some(part) = stream.next_part().map_err(said).with_context(|| refused(file))? {
        upload.write(&part.batch).map_err(said)?;
    }
    if stream.row_count() == 0 {
        bail!("{} has no rows", file.display());
    }
    Ok(upload.commit().map_err(said)?.rows)
}

fn open(storage: &Storage, kind: RowKind, schema: &Schema, file: &Path) -> anyhow::Result<Stream> {
    let format = format_of(file)?;
    let opened = File::open(file).with_context(|| format!("{} can't be opened", file.display()))?;
    let bytes = opened.metadata().with_context(|| format!("{} can't be read", file.display()))?.len();
    let (spool, scratch) = (Spool::new(opened, bytes), storage.scratch().map_err(said)?);
    // Rows without a time have one that is the same on every run.
    let stream = Stream::open(format, kind, &spool, schema, Time::EPOCH, scratch);
    stream.map_err(said).with_context(|| refused(file))
}

fn refused(file: &Path) -> String {
    format!("{} can't be read", file.display())
}

/// The rows with their numbers in the place of random ids, so that every run has them in the same order.
fn numbered(batch: &RecordBatch, first: u64) -> anyhow::Result<RecordBatch> {
    let at = batch.schema().index_of(ID)?;
    let ids = (first..).take(batch.num_rows()).map(|row| u128::from(row + 1).to_be_bytes());
    let ids: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter(ids)?);
    let mut columns = batch.columns().to_vec();
    columns[at] = ids;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}
