//! `driftline import`: a file's rows become predictions and delayed metrics.

mod columns;
mod file;

use std::path::PathBuf;

use anyhow::Context;
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
use crate::wire::Id;

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
    /// Rows in one request, which are kept together or not at all; 10000 at most where delayed metrics need the server's ids
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = batch_rows)]
    batch_rows: usize,
    #[command(flatten)]
    server: ServerAddress,
}

fn batch_rows(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rows) if (1..=10_000_000).contains(&rows) => Ok(rows),
        _ => Err("a request has 1 to 10000000 rows".into()),
    }
}

/// Does it.
///
/// # Errors
/// When the file can't be read, or what the server says.
pub async fn run(import: Import) -> anyhow::Result<()> {
    let Rows { total, batches } = file::open(&import.file, import.format, import.batch_rows.min(upload::MOST_IDS))?;
    let client = Client::new(&import.server)?;
    let bar = upload::bar("importing", total);
    let (mut sent, mut attached) = (0, 0);
    let mut batches = batches.peekable();
    while batches.peek().is_some() {
        let request = Request::gather(&import, &mut batches)?;
        let end = sent + request.rows;
        let rows = format!("rows {sent} to {end}");
        attached += request.send(&import, &client).await.with_context(|| format!("{rows} were not kept"))?;
        sent = end;
        bar.set_position(sent as u64);
    }
    bar.finish_and_clear();
    let delayed = if attached > 0 { format!(", delayed metrics attached to {attached}") } else { String::new() };
    say(format_args!("{sent} predictions of {} are imported from {}{delayed}", import.model, import.file.display()))
}

/// Rows that are sent together, and the delayed cells that follow them.
#[derive(Default)]
struct Request {
    rows: usize,
    predictions: Vec<RecordBatch>,
    delayed: Vec<Delayed>,
}

/// Delayed cells, and the ids of their predictions where the file has them.
struct Delayed {
    cells: RecordBatch,
    ids: Option<Vec<Id>>,
}

impl Request {
    /// The next rows of the file; no more than one batch where the ids must come from the server.
    fn gather(
        import: &Import,
        batches: &mut impl Iterator<Item = anyhow::Result<RecordBatch>>,
    ) -> anyhow::Result<Self> {
        let mut request = Self::default();
        for batch in batches {
            let batch = batch?;
            let plan = Plan::new(&batch, &import.map, &import.delayed, &import.skip)?;
            let (predictions, delayed) = plan.split(&batch)?;
            request.rows += batch.num_rows();
            request.predictions.push(predictions);
            if let Some(cells) = delayed {
                let ids = plan.has_ids().then(|| plan.ids()).transpose()?;
                request.delayed.push(Delayed { cells, ids });
            }
            let needs_ids = request.delayed.iter().any(|delayed| delayed.ids.is_none());
            if needs_ids || request.rows >= import.batch_rows {
                break;
            }
        }
        Ok(request)
    }

    /// Sends the rows; gives back to how many of them delayed metrics were attached.
    async fn send(self, import: &Import, client: &Client) -> anyhow::Result<usize> {
        let made = upload::track(client, &import.model, &self.predictions).await?;
        let mut attached = 0;
        for Delayed { cells, ids } in &self.delayed {
            upload::attach(client, &import.model, ids.as_ref().unwrap_or(&made), cells).await?;
            attached += cells.num_rows();
        }
        Ok(attached)
    }
}
