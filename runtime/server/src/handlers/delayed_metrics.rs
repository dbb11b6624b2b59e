//! Delayed metrics: ground truth that comes after its prediction.

use axum::{
    Json,
    extract::{Request, State},
    response::Response,
};
use driftline_storage::Kind;
use uuid::Uuid;

use super::predictions::track;
use crate::{
    app::{App, Shared},
    extract::{self, Path, Query},
    ingest::RowKind,
    problem::{Problem, ProblemBody},
    wire::{Accepted, ItemName, List, PageQuery, Unmatched},
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

/// Lists the ids that got delayed metrics but have no prediction yet, in the order of the ids.
///
/// Their values are kept and join the prediction when it comes, until they expire.
#[utoipa::path(get, path = "/v1/models/{model}/delayed-metrics", tag = "models",
    params(("model" = String, Path, description = "The model's name"), PageQuery),
    responses((status = 200, description = "A page", body = List<Unmatched>),
        (status = 404, description = "There is no such model", body = ProblemBody)))]
pub async fn list_unmatched(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<Unmatched>>, Problem> {
    let limit = extract::limit(page.limit, 1000)?;
    let after: Option<Uuid> = extract::cursor(page.cursor.as_deref())?;
    let list = move |app: &App| -> Result<_, Problem> {
        let model = app.model(&name)?;
        Ok(app.storage.unmatched(&model, after, limit + 1)?)
    };
    let unmatched = app.blocking(list).await?.into_iter().map(Unmatched::from).collect();
    Ok(Json(List::cut(unmatched, limit, |unmatched: &Unmatched| unmatched.id.0.to_string())))
}
