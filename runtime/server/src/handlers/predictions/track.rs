//! The road of rows from a request to the disk, for predictions and delayed metrics alike.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use driftline_core::{Digest, Name, Schema};
use driftline_storage::{Append, Appended, Kind, Retry};

use crate::{
    app::{App, Shared},
    extract,
    ingest::{self, Decoded, Format, RowKind},
    problem::Problem,
    wire::{Accepted, Id},
};

/// More ids than this are not sent back.
const MOST_IDS: usize = 10_000;

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
    let body = extract::body(request, limit(app, format)).await?;
    let (accepted, answer, append) = app
        .blocking(move |app| -> Result<_, Problem> {
            let decoded = decode(app, &model, format, rows, &body)?;
            let retry = key.map(|key| Retry { fingerprint: fingerprint(format, &body), key });
            drop(body);
            let accepted = decoded.rows;
            let answer = answer(&decoded)?;
            if decoded.batches.is_empty() {
                return Ok((0, answer, None));
            }
            let create_model = kind == Kind::Predictions;
            let kept = if retry.is_some() { answer.clone() } else { String::new() };
            let append = Append { model, kind, batches: decoded.batches, create_model, retry, answer: kept };
            Ok((accepted, answer, Some(app.storage.append(append))))
        })
        .await?;
    let answer = match append {
        None => answer,
        Some(append) => match append.await? {
            Appended::Fresh => {
                app.metrics
                    .ingested(if kind == Kind::Predictions { "predictions" } else { "delayed_metrics" }, accepted);
                answer
            }
            Appended::Replayed(first) => first,
        },
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

/// The format of a body of rows.
pub fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let content_type = extract::content_type(headers);
    Format::of_content_type(content_type).ok_or_else(|| extract::unsupported(content_type, Format::SUPPORTED))
}

/// How large a body in this format may be.
pub fn limit(app: &App, format: Format) -> usize {
    if format.is_text() { app.limits.json_bytes } else { app.limits.upload_bytes }
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

fn fingerprint(format: Format, body: &Bytes) -> Digest {
    Digest::of_parts([format.media_type().as_bytes(), body.as_ref()])
}

fn decode(app: &App, model: &Name, format: Format, rows: RowKind, body: &Bytes) -> Result<Decoded, Problem> {
    let schema = match app.storage.model(model)? {
        Some(model) => model.schema,
        None if rows == RowKind::Predictions => Schema::default(),
        None => return Err(Problem::model_not_found(model)),
    };
    Ok(ingest::decode(format, rows, body, &schema, ingest::now())?)
}

fn answer(decoded: &Decoded) -> Result<String, Problem> {
    let ids = (decoded.rows <= MOST_IDS).then(|| decoded.ids.iter().copied().map(Id).collect());
    serde_json::to_string(&Accepted { accepted: decoded.rows, ids }).map_err(Problem::internal)
}
