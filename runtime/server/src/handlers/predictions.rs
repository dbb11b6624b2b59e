//! Predictions: track and read.

mod read;
mod show;
mod track;

use axum::{
    extract::{Request, State},
    response::Response,
};
use driftline_storage::Kind;

pub(super) use self::track::{format, receive, track};
pub use self::{read::*, show::*};
use crate::{
    app::Shared,
    extract::Path,
    ingest::RowKind,
    problem::{Problem, ProblemBody},
    wire::{Accepted, ItemName},
};

/// Tracks predictions; the model is created if there is none.
///
/// JSON and NDJSON rows are `{"id"?, "time"?, "end_time"?, "deployment"?, "metrics": {…}}`. In CSV, Arrow and Parquet the
/// columns `id`, `time`, `end_time` and `deployment` are those, all others are metrics. In CSV a list of numbers is one
/// cell of JSON, `"[0.5, 1.5]"`. Bodies may be compressed (`Content-Encoding: gzip` or `zstd`) and of any length up to the
/// server's limits: all rows are kept or none. `Idempotency-Key` makes a retry safe, and so do ids of the
/// client's own: a row whose id is there already is left out and counted in `duplicates`.
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
