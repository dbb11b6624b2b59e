//! Evaluations: run, show, list, cancel.

pub mod order;

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use crate::{
    app::Shared,
    evaluations,
    extract::{self, Path, Query},
    problem::{Problem, ProblemBody},
    wire::{Evaluation, EvaluationFilter, EvaluationRequest, EvaluationStatus, EvaluationSummary, Id, List, WaitQuery},
};

/// Runs a plugin over windows of a model's rows.
///
/// Waits up to `wait`; an evaluation that takes longer is answered with 202 and its address. A plugin that fails is a
/// result, with status `failed`, not an error of the request.
#[utoipa::path(post, path = "/v1/evaluations", tag = "evaluations", params(WaitQuery), request_body = EvaluationRequest,
    responses((status = 200, description = "It has ended", body = Evaluation),
        (status = 202, description = "It goes on; Location says where", body = Evaluation),
        (status = 404, description = "There is no such model, plugin or dataset", body = ProblemBody),
        (status = 422, description = "The request makes no sense for this model and plugin", body = ProblemBody),
        (status = 429, description = "Too many evaluations are under way", body = ProblemBody)))]
pub async fn run_evaluation(
    State(app): State<Shared>,
    Query(query): Query<WaitQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let asked: EvaluationRequest = extract::json(&app, request).await?;
    let evaluation = app.evaluations.run(order::order(asked, query.wait)?).await?;
    let status = match evaluation.status {
        EvaluationStatus::Queued | EvaluationStatus::Running => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    let location = [(header::LOCATION, format!("/v1/evaluations/{}", evaluation.id.0))];
    Ok((status, location, Json(evaluation)).into_response())
}

/// Shows an evaluation: its progress, or its results.
#[utoipa::path(get, path = "/v1/evaluations/{id}", tag = "evaluations", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The evaluation", body = Evaluation),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_evaluation(State(app): State<Shared>, Path(Id(id)): Path<Id>) -> Result<Json<Evaluation>, Problem> {
    app.evaluations.find(id).await.map(Json)
}

/// Cancels an evaluation that is under way.
#[utoipa::path(delete, path = "/v1/evaluations/{id}", tag = "evaluations", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "It has stopped", body = Evaluation),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 409, description = "It had ended before", body = ProblemBody)))]
pub async fn cancel_evaluation(State(app): State<Shared>, Path(Id(id)): Path<Id>) -> Result<Json<Evaluation>, Problem> {
    app.evaluations.cancel(id).await.map(Json)
}

/// Lists evaluations, newest first; those under way come first and only on the first page.
#[utoipa::path(get, path = "/v1/evaluations", tag = "evaluations", params(EvaluationFilter),
    responses((status = 200, description = "A page", body = List<EvaluationSummary>)))]
pub async fn list_evaluations(
    State(app): State<Shared>,
    Query(filter): Query<EvaluationFilter>,
) -> Result<Json<List<EvaluationSummary>>, Problem> {
    let limit = extract::limit(filter.limit, 1000)?;
    let after: Option<Uuid> = extract::cursor(filter.cursor.as_deref())?;
    let under_way = if after.is_none() { app.evaluations.under_way(&filter) } else { Vec::new() };
    let kept = evaluations::kept(&app, filter, after, limit + 1).await?;
    let kept = kept.into_iter().filter(|summary| under_way.iter().all(|running| running.id != summary.id)).collect();
    let List { items, next_cursor } = List::cut(kept, limit, |summary: &EvaluationSummary| summary.id.0.to_string());
    Ok(Json(List { items: under_way.into_iter().chain(items).collect(), next_cursor }))
}
