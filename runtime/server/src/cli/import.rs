//! `driftline import`: a file's rows become predictions and delayed metrics.

mod columns;
mod file;

use std::path::PathBuf;

use anyhow::{Context, bail};
use arrow::array::RecordBatch;
use clap::Args;
use driftline_core::Name;

use self::{
    columns::Plan,
    file::{FileFormat, Rows},
};
use super::{
    client::{Client, ServerAddress},
    output::say,
    upload,
};

/// Sends the rows of a CSV, NDJSON or Parquet file to a model
///
/// The columns id, time, end_time and deployment are those of a prediction,
/// all others are metrics, nested ones dotted. Lines in the form of the HTTP
/// interface ({"id"?, "time"?, "metrics": {…}}) are understood, too.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  driftline import flights.parquet --model flights --map time=date,probability=score --delayed late,delay_minutes"
)]
pub struct Import {
    /// The file
    file: PathBuf,
    /// The model; it is created if there is none
    #[arg(long)]
    model: Name,
    /// The file's format [default: by its ending]
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Names for the file's columns; others keep theirs
    #[arg(long, value_name = "NAME=COLUMN,…", value_delimiter = ',', value_parser = columns::renaming)]
    map: Vec<(String, String)>,
    /// Columns (by their new names) to send as delayed metrics, after the predictions they belong to
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    delayed: Vec<String>,
    /// Columns of the file to leave out
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    skip: Vec<String>,
    /// Rows in one request
    #[arg(long, value_name = "N", default_value_t = upload::MOST_IDS, value_parser = batch_rows)]
    batch_rows: usize,
    #[command(flatten)]
    server: ServerAddress,
}

fn batch_rows(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rows) if (1..=1_000_000).contains(&rows) => Ok(rows),
        _ => Err("a request has 1 to 1000000 rows".into()),
    }
}

/// Does it.
///
/// # Errors
/// When the file can't be read, or what the server says.
pub async fn run(import: Import) -> anyhow::Result<()> {
    let Rows { total, batches } = file::open(&import.file, import.format, import.batch_rows)?;
    let client = Client::new(&import.server)?;
    let bar = upload::bar("importing", total);
    let (mut sent, mut attached) = (0, 0);
    for batch in batches {
        let batch = batch?;
        let end = sent + batch.num_rows();
        attached +=
            send(&import, &client, &batch).await.with_context(|| format!("rows {sent} to {end} were not kept"))?;
        sent = end;
        bar.inc(batch.num_rows() as u64);
    }
    bar.finish_and_clear();
    let delayed = if attached > 0 { format!(", delayed metrics attached to {attached}") } else { String::new() };
    say(format_args!("{sent} predictions of {} are imported from {}{delayed}", import.model, import.file.display()))
}

/// Sends a batch; gives back to how many of its rows delayed metrics were attached.
async fn send(import: &Import, client: &Client, batch: &RecordBatch) -> anyhow::Result<usize> {
    let plan = Plan::new(batch, &import.map, &import.delayed, &import.skip)?;
    let (predictions, delayed) = plan.split(batch)?;
    if delayed.is_some() && !plan.has_ids() && batch.num_rows() > upload::MOST_IDS {
        let most = upload::MOST_IDS;
        bail!(
            "delayed metrics need ids, and the server gives back those it makes for {most} rows at most: use a smaller --batch-rows"
        );
    }
    let ids = upload::track(client, &import.model, &predictions).await?;
    let Some(delayed) = delayed else { return Ok(0) };
    let ids = if plan.has_ids() { plan.ids()? } else { ids };
    upload::attach(client, &import.model, &ids, &delayed).await?;
    Ok(batch.num_rows())
}
