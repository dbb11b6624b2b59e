//! Rows on their way to a server: as Arrow IPC streams, with the ids that come back.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    datatypes::{Field, Schema},
    ipc::writer::StreamWriter,
};
use bytes::Bytes;
use driftline_core::{ID, Name};
use indicatif::{ProgressBar, ProgressStyle};

use super::client::Client;
use crate::{
    ingest::Format,
    wire::{Accepted, Id},
};

/// A server gives back the ids of at most this many rows.
pub const MOST_IDS: usize = 10_000;

/// Tracks predictions; gives back their ids.
///
/// # Errors
/// What the server says.
pub async fn track(client: &Client, model: &Name, rows: &RecordBatch) -> anyhow::Result<Vec<Id>> {
    let accepted = send(client, &format!("/v1/models/{model}/predictions"), rows).await?;
    Ok(accepted.ids.unwrap_or_default())
}

/// Attaches cells to earlier predictions, row by row.
///
/// # Errors
/// What the server says, or that there are not as many ids as rows.
pub async fn attach(client: &Client, model: &Name, ids: &[Id], cells: &RecordBatch) -> anyhow::Result<()> {
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids.iter().map(|id| id.0.to_string())));
    let mut fields = vec![Arc::new(Field::new(ID, ids.data_type().clone(), false))];
    fields.extend(cells.schema().fields().iter().cloned());
    let columns = std::iter::once(ids).chain(cells.columns().iter().cloned()).collect();
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .context("the server did not give back an id for each row")?;
    send(client, &format!("/v1/models/{model}/delayed-metrics"), &rows).await?;
    Ok(())
}

async fn send(client: &Client, path: &str, rows: &RecordBatch) -> anyhow::Result<Accepted> {
    let body = stream(rows)?;
    let mut wait = Duration::from_millis(100);
    loop {
        let answer = client.try_post_bytes(path, Format::ArrowStream.media_type(), body.clone()).await?;
        if let Some(answer) = answer {
            return serde_json::from_value(answer)
                .context("the server's answer can't be read: is it of the same release?");
        }
        // The server is busy writing what it has.
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

fn stream(rows: &RecordBatch) -> anyhow::Result<Bytes> {
    let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema())?;
    writer.write(rows)?;
    Ok(writer.into_inner()?.into())
}

/// A progress bar in rows; without a length it only counts.
pub fn bar(what: &'static str, rows: Option<u64>) -> ProgressBar {
    let (bar, template) = match rows {
        Some(rows) => {
            (ProgressBar::new(rows), "{msg:28} [{bar:30}] {human_pos}/{human_len} rows, {per_sec}, {eta} left")
        }
        None => (ProgressBar::no_length(), "{msg:28} {spinner} {human_pos} rows, {per_sec}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style).with_message(what),
        Err(_) => bar.with_message(what),
    }
}
