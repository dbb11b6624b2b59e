//! Silences: make, list, end.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use driftline_storage::{Error, SilenceRecord};
use uuid::Uuid;

use crate::{
    app::Shared,
    extract::{self, Path, Query},
    problem::{Problem, ProblemBody},
    wire::{Id, List, Silence, SilencePut, SilenceQuery, SilenceRule},
};

/// The most silences of a list.
const LISTED: usize = 1000;

/// Lets nothing be told of some alerts for a while.
#[utoipa::path(post, path = "/v1/silences", tag = "alerts", request_body = SilencePut,
    responses((status = 201, description = "It holds", body = Silence),
        (status = 422, description = "Refused", body = ProblemBody)))]
pub async fn make_silence(State(app): State<Shared>, request: Request) -> Result<(StatusCode, Json<Silence>), Problem> {
    let put: SilencePut = extract::json(&app, request).await?;
    let now = app.storage.now();
    let starts = put.from.map_or(now, |from| from.0);
    if put.until.0 <= starts.max(now) {
        let detail = "`until` is over already, or not after `from`: write a later time";
        return Err(Problem::invalid("invalid_window", detail).at("until"));
    }
    for (field, text) in [("why", &put.why), ("by", &put.by)] {
        if text.trim().is_empty() {
            return Err(Problem::invalid("missing_field", format!("`{field}` is empty: say it")).at(field));
        }
    }
    let SilencePut { monitor, model, slice, until, why, by, .. } = put;
    let rule = serde_json::to_string(&SilenceRule { monitor, model, slice, why, by }).map_err(Problem::internal)?;
    let record = SilenceRecord { id: Uuid::now_v7(), starts, ends: until.0, rule, created: now };
    let record = app.blocking(move |app| app.storage.put_silence(record)).await?;
    app.scheduler.wake();
    Ok((StatusCode::CREATED, Json(Silence::of(record)?)))
}

/// Lists silences, those that end last first.
#[utoipa::path(get, path = "/v1/silences", tag = "alerts", params(SilenceQuery),
    responses((status = 200, description = "The silences", body = List<Silence>)))]
pub async fn list_silences(
    State(app): State<Shared>,
    Query(query): Query<SilenceQuery>,
) -> Result<Json<List<Silence>>, Problem> {
    let at = query.at.map(|at| at.0);
    let found = app.blocking(move |app| app.storage.silences(at, LISTED)).await?;
    let items: Result<Vec<_>, _> = found.into_iter().map(Silence::of).collect();
    Ok(Json(List { items: items?, next_cursor: None }))
}

/// Ends a silence: alerts that are still open are told.
#[utoipa::path(delete, path = "/v1/silences/{id}", tag = "alerts", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "It holds no more", body = Silence),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn end_silence(State(app): State<Shared>, Path(Id(id)): Path<Id>) -> Result<Json<Silence>, Problem> {
    let ended = app.blocking(move |app| {
        app.storage.end_silence(id).map_err(|error| match error {
            Error::NotFound { .. } => {
                let detail = format!("there is no silence {id}: GET /v1/silences lists those there are");
                Problem::not_found("silence_not_found", detail).at("id")
            }
            error => error.into(),
        })
    });
    let ended = ended.await?;
    app.scheduler.wake();
    Ok(Json(Silence::of(ended)?))
}
