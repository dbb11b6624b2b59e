//! SQL over what is stored.

use axum::{
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    app::Shared,
    export, extract,
    ingest::Format,
    problem::{Problem, ProblemBody},
    wire::{SqlAnswer, SqlRequest},
};

/// Answers a statement that reads.
///
/// Tables: `models`, `columns`, `aggregates`, `evaluations`, `plugins`, `datasets`, and each model's predictions under the
/// model's name and under `predictions."name"`, delayed metrics joined in. Names are case-sensitive; those that are no
/// plain word go in double quotes, but dotted columns need none. Each table is one snapshot. Nothing can be changed.
/// With `Accept: application/vnd.apache.arrow.stream` the header `x-truncated` says whether there were more rows.
#[utoipa::path(post, path = "/v1/sql", tag = "models", request_body = SqlRequest,
    responses((status = 200, description = "The table", content(
            (SqlAnswer = "application/json"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = 406, description = "None of the accepted media types can be given", body = ProblemBody),
        (status = 422, description = "The statement is refused, or takes more time or memory than it may", body = ProblemBody),
        (status = 429, description = "Too many queries are under way", body = ProblemBody)))]
pub async fn run_sql(State(app): State<Shared>, request: Request) -> Result<Response, Problem> {
    let format = export::accepted(request.headers(), &[Format::Json, Format::ArrowStream])?;
    let asked: SqlRequest = extract::json(&app, request).await?;
    let answer = app.queries.run(asked, format).await?;
    let truncated = if answer.is_truncated { "true" } else { "false" };
    let headers = [(header::CONTENT_TYPE.as_str(), format.media_type()), ("x-truncated", truncated)];
    Ok((headers, answer.bytes).into_response())
}
