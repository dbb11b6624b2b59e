//! Predictions: track and read.

pub(super) mod page;
mod track;

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use driftline_eval::ReadRequest;
use driftline_storage::Kind;

pub(super) use self::track::{format, receive, track};
use crate::{
    app::Shared,
    extract::{self, Path, Query},
    ingest::RowKind,
    problem::{Problem, ProblemBody},
    wire::{Accepted, ItemName, PredictionPage, PredictionQuery},
};

/// Tracks predictions; the model is created if there is none.
///
/// JSON and NDJSON rows are `{"id"?, "time"?, "end_time"?, "deployment"?, "metrics": {…}}`. In CSV, Arrow and Parquet the
/// columns `id`, `time`, `end_time` and `deployment` are those, all others are metrics. In CSV a list of numbers is one
/// cell of JSON, `"[0.5, 1.5]"`. Bodies may be compressed (`Content-Encoding: gzip` or `zstd`) and of any length up to the
/// server's limits: all rows are kept or none. `Idempotency-Key` makes a retry safe.
#[utoipa::path(post, path = "/v1/models/{model}/predictions", tag = "models",
    params(("model" = String, Path, description = "The model's name"),
        ("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; a retry with the same key is answered as the first attempt was")),
    request_body(content(
        (serde_json::Value = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"), (Vec<u8> = "application/vnd.apache.parquet"))),
    responses((status = 200, description = "All rows are durable", body = Accepted),
        (status = 400, description = "The body can't be read", body = ProblemBody),
        (status = 413, description = "The body is too large", body = ProblemBody),
        (status = 415, description = "The content type is not supported", body = ProblemBody),
        (status = 408, description = "Nothing more of the body came", body = ProblemBody),
        (status = 422, description = "A row is refused; nothing was kept", body = ProblemBody),
        (status = 429, description = "Too many rows are on their way: wait as long as `Retry-After` says", body = ProblemBody),
        (status = 507, description = "The disk is full", body = ProblemBody)))]
pub async fn track_predictions(
    State(app): State<Shared>,
    Path(ItemName(model)): Path<ItemName>,
    request: Request,
) -> Result<Response, Problem> {
    track(&app, model, RowKind::Predictions, Kind::Predictions, request).await
}

/// Reads predictions, delayed metrics joined in, ordered by time and id.
///
/// `Accept: application/x-ndjson` gives one row a line, and the cursor in the header `x-next-cursor`.
#[utoipa::path(get, path = "/v1/models/{model}/predictions", tag = "models",
    params(("model" = String, Path, description = "The model's name"), PredictionQuery),
    responses((status = 200, description = "A page", content((PredictionPage = "application/json"), (String = "application/x-ndjson"))),
        (status = 404, description = "There is no such model", body = ProblemBody),
        (status = 406, description = "None of the accepted media types can be given", body = ProblemBody),
        (status = 422, description = "A column or condition is refused", body = ProblemBody)))]
pub async fn read_predictions(
    State(app): State<Shared>,
    Path(ItemName(model)): Path<ItemName>,
    Query(query): Query<PredictionQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let shape = page::Shape::accepted(&headers)?;
    let request = ReadRequest {
        model,
        window: page::window(query.start, query.end)?,
        columns: query.columns.as_deref().map(column_names),
        filter: query.filter,
        limit: extract::limit(query.limit, 10_000)?,
        after: extract::cursor::<page::Cursor>(query.cursor.as_deref())?.map(|cursor| cursor.0),
    };
    let page = app.evaluator.read(request).await.map_err(page::query_problem)?;
    app.blocking(move |_| shape.answer(&page)).await
}

fn column_names(columns: &str) -> Vec<String> {
    columns.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}
