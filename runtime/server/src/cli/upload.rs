//! Rows on their way to a server: as Arrow IPC streams, with the ids that come back.

use std::{fmt, sync::Arc, time::Duration};

use anyhow::Context;
use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    datatypes::{Field, Schema},
    ipc::writer::StreamWriter,
};
use bytes::Bytes;
use driftline_core::{ID, Name};
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use reqwest::Body;
use uuid::Uuid;

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
pub async fn track(client: &Client, model: &Name, rows: &[RecordBatch]) -> anyhow::Result<Vec<Id>> {
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
    send(client, &format!("/v1/models/{model}/delayed-metrics"), &[rows]).await?;
    Ok(())
}

/// Sends rows in one request: all of them are kept or none.
async fn send(client: &Client, path: &str, rows: &[RecordBatch]) -> anyhow::Result<Accepted> {
    let key = Uuid::now_v7().to_string();
    let mut wait = Duration::from_millis(100);
    let mut lost = 0;
    loop {
        match client.try_post_rows(path, Format::ArrowStream.media_type(), body(rows), &key).await {
            Ok(Some(answer)) => {
                return serde_json::from_value(answer)
                    .context("the server's answer can't be read: is it of the same release?");
            }
            // The server is busy writing what it has.
            Ok(None) => {}
            // Under one key the rows are counted once, whether or not the lost request arrived.
            Err(error) if lost < LOST_ANSWERS && was_lost(&error, lost) => lost += 1,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// How often a request whose answer was lost is sent again.
const LOST_ANSWERS: u32 = 6;

/// Whether an answer may have been lost on its way. A server that was never there has lost nothing.
fn was_lost(error: &anyhow::Error, before: u32) -> bool {
    error.downcast_ref::<reqwest::Error>().is_some_and(|error| before > 0 || !error.is_connect())
}

/// The rows as an Arrow IPC stream, each batch encoded when it is its turn to be sent.
fn body(rows: &[RecordBatch]) -> Body {
    let mut writer = None;
    let mut encode = move |batch: Option<RecordBatch>| -> anyhow::Result<Bytes> {
        let writer = match (&mut writer, &batch) {
            (Some(writer), _) => writer,
            (None, Some(batch)) => writer.insert(StreamWriter::try_new(Vec::new(), &batch.schema())?),
            (None, None) => return Ok(Bytes::new()),
        };
        match batch {
            Some(batch) => writer.write(&batch)?,
            None => writer.finish()?,
        }
        Ok(std::mem::take(writer.get_mut()).into())
    };
    let batches: Vec<Option<RecordBatch>> = rows.iter().cloned().map(Some).chain([None]).collect();
    let chunks = batches.into_iter().map(move |batch| encode(batch).map_err(Into::<BoxError>::into));
    Body::wrap_stream(futures::stream::iter(chunks))
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A progress bar in rows; without a length it only counts.
pub fn bar(what: &'static str, rows: Option<u64>) -> ProgressBar {
    let (bar, template) = match rows {
        Some(rows) => (ProgressBar::new(rows), "{msg:28} [{bar:30}] {human_pos}/{human_len} rows, {speed}, {eta} left"),
        None => (ProgressBar::no_length(), "{msg:28} {spinner} {human_pos} rows, {speed}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.with_key("speed", speed)).with_message(what),
        Err(_) => bar.with_message(what),
    }
}

/// Whole rows a second.
fn speed(state: &ProgressState, out: &mut dyn fmt::Write) {
    // A bar has no way to hear of a failed write, nor has a string one.
    let _written = write!(out, "{} rows/s", HumanCount(state.per_sec() as u64));
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::cli::client::ServerAddress;

    /// The idempotency key of a request, once its header is read.
    async fn key_of(stream: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a header"));
        }
        let head = String::from_utf8(head).expect("text");
        let line = head.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
        line.expect("a key").to_owned()
    }

    #[tokio::test]
    async fn a_lost_answer_is_asked_for_again_under_the_same_key() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let server = format!("http://{}", listener.local_addr().expect("address")).parse().expect("address");
        let serve = tokio::spawn(async move {
            let (mut lost, _) = listener.accept().await.expect("a first request");
            let first = key_of(&mut lost).await;
            drop(lost);
            let (mut kept, _) = listener.accept().await.expect("a second request");
            let second = key_of(&mut kept).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\nconnection: close\r\n\r\n{\"accepted\":2}";
            kept.write_all(answer).await.expect("answers");
            kept.shutdown().await.expect("closes");
            (first, second)
        });
        let client = Client::new(&ServerAddress { server }).expect("client");
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let rows = RecordBatch::try_from_iter([("x", numbers)]).expect("rows");
        let accepted = send(&client, "/v1/models/m/predictions", &[rows]).await.expect("sent");
        assert_eq!(accepted.accepted, 2);
        let (first, second) = serve.await.expect("served");
        assert_eq!(first, second);
    }
}
