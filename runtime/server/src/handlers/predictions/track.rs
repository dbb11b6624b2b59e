//! The road of rows from a request to the disk, for predictions and delayed metrics alike.

mod load;

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use driftline_core::{Digest, Name, RESERVED, Schema};
use driftline_storage::{Append, Appended, Kind, Retry, Unique};
use futures::{FutureExt, future::BoxFuture};
use uuid::Uuid;

use crate::{
    app::{App, Shared},
    extract,
    ingest::{self, Format, RowKind},
    problem::Problem,
    receive::Received,
    wire::{Accepted, Id},
};

/// More ids than this are not sent back.
const MOST_IDS: usize = 10_000;
/// A body of this size is decoded faster than another thread is woken.
const SMALL_BYTES: usize = 32 << 10;

/// What rows a request sent.
struct Sent {
    model: Name,
    rows: RowKind,
    kind: Kind,
    format: Format,
    key: Option<String>,
}

impl Sent {
    fn creates_model(&self) -> bool {
        self.kind == Kind::Predictions
    }

    /// The rows' name in the metrics.
    fn counted_as(&self) -> &'static str {
        match self.kind {
            Kind::Predictions => "predictions",
            Kind::Delayed => "delayed_metrics",
        }
    }
}

/// Rows on their way to the disk, and what is answered when they are there.
struct Prepared {
    rows: usize,
    answer: String,
    grown: Option<Schema>,
    append: Option<BoxFuture<'static, Result<Appended, driftline_storage::Error>>>,
}

/// Keeps the rows of a request and answers how many they were.
pub async fn track(
    app: &Shared,
    model: Name,
    rows: RowKind,
    kind: Kind,
    request: Request,
) -> Result<Response, Problem> {
    let format = format(request.headers())?;
    let key = idempotency_key(request.headers())?;
    let sent = Sent { model, rows, kind, format, key };
    let answer = match receive(app, request, format).await? {
        Received::Spooled(body) => load::load(app, sent, body).await?,
        Received::Held(body) => match keep_quickly(app, &sent, &body.bytes).await? {
            Some(answer) => answer,
            None => keep_thoroughly(app, sent, body.bytes).await?,
        },
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

/// A small body, against the schema as it was last seen. What is refused may fit the
/// present schema, so a refusal is left to the thorough way. A failure is not: the
/// rows may have been kept before it, and would be kept twice.
async fn keep_quickly(app: &Shared, sent: &Sent, body: &Bytes) -> Result<Option<String>, Problem> {
    let Some(schema) = app.schemas.seen(&sent.model).filter(|_| body.len() <= SMALL_BYTES) else {
        return Ok(None);
    };
    let Ok(prepared) = prepare(app, sent, body, &schema) else { return Ok(None) };
    match finish(app, sent, prepared).await {
        Ok(answer) => Ok(Some(answer)),
        Err(problem) if problem.is_refusal() => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Any body, against the present schema, on a thread that may take its time.
async fn keep_thoroughly(app: &Shared, sent: Sent, body: Bytes) -> Result<String, Problem> {
    let (sent, prepared) = app
        .blocking(move |app| {
            let schema = present_schema(app, &sent)?;
            let prepared = prepare(app, &sent, &body, &schema)?;
            Ok::<_, Problem>((sent, Prepared { grown: Some(prepared.grown.unwrap_or(schema)), ..prepared }))
        })
        .await?;
    finish(app, &sent, prepared).await
}

fn present_schema(app: &App, sent: &Sent) -> Result<Schema, Problem> {
    match app.storage.model(&sent.model)? {
        Some(model) => Ok(model.schema),
        None if sent.creates_model() => Ok(Schema::default()),
        None => Err(Problem::model_not_found(&sent.model)),
    }
}

fn prepare(app: &App, sent: &Sent, body: &Bytes, schema: &Schema) -> Result<Prepared, Problem> {
    let decoded = ingest::decode(sent.format, sent.rows, body, schema, ingest::now())?;
    let (rows, answer) = (decoded.rows, accepted(decoded.rows, &decoded.ids)?);
    if rows == 0 {
        return Ok(Prepared { rows, answer, grown: None, append: None });
    }
    let retry = sent.key.clone().map(|key| Retry { fingerprint: fingerprint(sent.format, &Digest::of(body)), key });
    let append = Append {
        model: sent.model.clone(),
        kind: sent.kind,
        create_model: sent.creates_model(),
        answer: if retry.is_some() || decoded.sent_ids { answer.clone() } else { String::new() },
        retry,
        unique: decoded.sent_ids.then_some(Unique { count: with_duplicates }),
        batches: decoded.batches,
    };
    let grown = grown(schema, &append)?;
    Ok(Prepared { rows, answer, grown, append: Some(app.storage.append(append).boxed()) })
}

/// The schema with the columns of the rows, if it has not all of them.
fn grown(schema: &Schema, append: &Append) -> Result<Option<Schema>, Problem> {
    let known = |name: &String| RESERVED.contains(&name.as_str()) || schema.column_type(name).is_some();
    let mut grown = None;
    for batch in &append.batches {
        if batch.schema_ref().fields().iter().all(|field| known(field.name())) {
            continue;
        }
        let columns = Schema::of_arrow(batch.schema_ref())
            .map_err(|(name, held)| Problem::internal(format!("column `{name}` was decoded as {held}")))?;
        grown.get_or_insert_with(|| schema.clone()).merge(&columns)?;
    }
    Ok(grown)
}

async fn finish(app: &Shared, sent: &Sent, prepared: Prepared) -> Result<String, Problem> {
    let Some(append) = prepared.append else { return Ok(prepared.answer) };
    let (answer, fresh) = match append.await? {
        Appended::Replayed(first) => return Ok(first),
        Appended::Fresh => (prepared.answer, prepared.rows),
        Appended::Partly { answer, duplicates } => {
            (answer, prepared.rows.saturating_sub(usize::try_from(duplicates).unwrap_or(usize::MAX)))
        }
    };
    if let Some(schema) = prepared.grown {
        app.schemas.remember(&sent.model, Arc::new(schema));
    }
    app.metrics.ingested(sent.counted_as(), fresh);
    Ok(answer)
}

/// The format of a body of rows.
pub fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let content_type = extract::content_type(headers);
    Format::of_content_type(content_type).ok_or_else(|| extract::unsupported(content_type, Format::SUPPORTED))
}

/// The body of rows in a format; on disk if it is large, or its rows are.
pub async fn receive(app: &App, request: Request, format: Format) -> Result<Received, Problem> {
    let limit = if format.is_text() { app.limits.json_bytes } else { app.limits.upload_bytes };
    match app.reception.receive(&app.storage, request, limit).await? {
        Received::Held(body) if ingest::is_dense(format, &body.bytes) => {
            app.reception.set_aside(&app.storage, body).await.map(Received::Spooled)
        }
        received => Ok(received),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(key.to_owned()));
    }
    let detail = "an idempotency key has 1 to 255 visible ASCII characters: use a UUID";
    Err(Problem::bad_request("invalid_idempotency_key", detail).at("idempotency-key"))
}

/// What an idempotency key must always come with.
fn fingerprint(format: Format, body: &Digest) -> Digest {
    Digest::of_body(format.media_type(), body)
}

fn accepted(rows: usize, ids: &[Uuid]) -> Result<String, Problem> {
    let ids = (rows <= MOST_IDS).then(|| ids.iter().copied().map(Id).collect());
    serde_json::to_string(&Accepted { accepted: rows, duplicates: 0, ids }).map_err(Problem::internal)
}

/// The answer, with how many of its rows were there already.
fn with_duplicates(answer: &str, duplicates: u64) -> String {
    let counted = serde_json::from_str(answer).and_then(|accepted: Accepted| {
        serde_json::to_string(&Accepted { duplicates: usize::try_from(duplicates).unwrap_or(usize::MAX), ..accepted })
    });
    counted.unwrap_or_else(|_| answer.to_owned())
}
