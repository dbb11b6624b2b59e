//! Predictions read back: a page, or all of a window.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use driftline_eval::ReadRequest;

use crate::{
    app::Shared,
    export,
    extract::{self, Path, Query},
    handlers::window::window,
    ingest::Format,
    problem::{Problem, ProblemBody},
    wire::{Cursor, ItemName, PredictionPage, PredictionQuery},
};

const FORMATS: [Format; 5] = [Format::Json, Format::Ndjson, Format::Csv, Format::ArrowStream, Format::Parquet];
/// More rows than this are not gathered before the first is sent.
const PAGE_ROWS: usize = 10_000;

/// Reads predictions, delayed metrics joined in, ordered by time and id; all of them from one snapshot.
///
/// JSON comes in pages. NDJSON, CSV (lists as JSON text), an Arrow IPC stream and Parquet come whole, row by row as they
/// are read, unless there is a `limit`: up to 10,000 the header `x-next-cursor` says where to go on, beyond that a
/// trailer of that name. An answer whose connection breaks before its end is not complete.
#[utoipa::path(get, path = "/v1/models/{model}/predictions", tag = "models",
    params(("model" = String, Path, description = "The model's name"), PredictionQuery),
    responses((status = 200, description = "The rows", content(
            (PredictionPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"), (Vec<u8> = "application/vnd.apache.parquet")),
            headers(("x-next-cursor" = String, description = "Where to go on; absent when these were the last, and in JSON"))),
        (status = 404, description = "There is no such model", body = ProblemBody),
        (status = 406, description = "None of the accepted media types can be given", body = ProblemBody),
        (status = 422, description = "A column or condition is refused", body = ProblemBody),
        (status = 429, description = "Too many reads are under way", body = ProblemBody)))]
pub async fn read_predictions(
    State(app): State<Shared>,
    Path(ItemName(model)): Path<ItemName>,
    Query(query): Query<PredictionQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = export::accepted(&headers, &FORMATS)?;
    let request = ReadRequest {
        model,
        window: window(query.start, query.end)?,
        columns: query.columns.as_deref().map(column_names),
        filter: query.filter,
        limit: rows(format, query.limit)?,
        after: extract::cursor::<Cursor>(query.cursor.as_deref())?.map(|cursor| cursor.0),
    };
    let turn = app.reads.clone().try_acquire_owned().map_err(|_| too_many())?;
    match request.limit {
        Some(..=PAGE_ROWS) => export::page(&app.evaluator, request, format).await,
        _ => export::stream(&app.evaluator, request, format, turn).await,
    }
}

/// How many rows to give: pages of JSON are bounded.
fn rows(format: Format, asked: Option<usize>) -> Result<Option<usize>, Problem> {
    match (format, asked) {
        (Format::Json, asked) => extract::limit(asked, PAGE_ROWS).map(Some),
        (_, Some(0)) => {
            let detail = "`limit` is 0: ask for at least one row, or leave it out for all";
            Err(Problem::invalid("invalid_limit", detail).at("limit"))
        }
        (_, asked) => Ok(asked),
    }
}

fn column_names(columns: &str) -> Vec<String> {
    columns.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn too_many() -> Problem {
    let detail = "too many reads are under way: try again in a moment";
    Problem::busy(StatusCode::TOO_MANY_REQUESTS, "reads_busy", detail, 1)
}
