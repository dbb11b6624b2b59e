//! Delayed metrics: ground truth that comes after its prediction.

use axum::{
    extract::{Request, State},
    response::Response,
};
use driftline_storage::Kind;

use super::predictions::track;
use crate::{
    app::Shared,
    extract::Path,
    ingest::RowKind,
    problem::{Problem, ProblemBody},
    wire::{Accepted, ItemName},
};

/// Attaches cells to earlier predictions by their ids; the last value for an id and column wins.
///
/// Rows are `{"id", "metrics": {…}}`; in CSV, Arrow and Parquet a column `id` and metrics.
#[utoipa::path(post, path = "/v1/models/{model}/delayed-metrics", tag = "models",
    params(("model" = String, Path, description = "The model's name"),
        ("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; a retry with the same key is answered as the first attempt was")),
    request_body(content(
        (serde_json::Value = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"), (Vec<u8> = "application/vnd.apache.parquet"))),
    responses((status = 200, description = "All rows are durable", body = Accepted),
        (status = 400, description = "The body can't be read", body = ProblemBody),
        (status = 404, description = "There is no such model", body = ProblemBody),
        (status = 413, description = "The body is too large", body = ProblemBody),
        (status = 415, description = "The content type is not supported", body = ProblemBody),
        (status = 422, description = "A row is refused; nothing was kept", body = ProblemBody)))]
pub async fn track_delayed_metrics(
    State(app): State<Shared>,
    Path(ItemName(model)): Path<ItemName>,
    request: Request,
) -> Result<Response, Problem> {
    track(&app, model, RowKind::Delayed, Kind::Delayed, request).await
}
