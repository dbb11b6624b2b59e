//! Comparisons: two plugins over the same rows, or two evaluations whatever they are.

use std::time::Duration;

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use driftline_core::Window;
use driftline_eval::WindowSpec;
use driftline_storage::PluginRef;

use super::evaluations::order;
use crate::{
    app::Shared,
    compare::compare,
    evaluations::Order,
    extract::{self, Path, Query},
    plugins::{self, parse_ref},
    problem::{Problem, ProblemBody},
    wire::{Comparison, ComparisonQuery, ComparisonRequest, ComparisonStatus, Id, WaitQuery},
};

/// Runs two plugins, or two versions of one, over the very same rows and shows every difference.
///
/// Waits up to `wait` (30 s unless told); a comparison that takes longer goes on and is answered with 202 and its address.
/// Nothing is recorded: neither aggregates nor, once they are old, the evaluations.
#[utoipa::path(post, path = "/v1/comparisons", tag = "evaluations", params(WaitQuery), request_body = ComparisonRequest,
    responses((status = 200, description = "Both have ended", body = Comparison),
        (status = 202, description = "They go on; Location says where", body = Comparison),
        (status = 404, description = "There is no such model, plugin or dataset", body = ProblemBody),
        (status = 422, description = "The request makes no sense for this model and one of the plugins", body = ProblemBody),
        (status = 429, description = "Too many evaluations are under way", body = ProblemBody)))]
pub async fn compare_plugins(
    State(app): State<Shared>,
    Query(query): Query<WaitQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let ComparisonRequest { evaluation, with, tolerance } = extract::json(&app, request).await?;
    let tolerance = checked(tolerance)?;
    let base = order::order(evaluation, query.wait).map_err(inside)?;
    let with = parse_ref(&with).map_err(|problem| problem.at("with"))?;
    let wanted = with.clone();
    let found = app.blocking(move |app| app.storage.plugin(&wanted)).await?;
    if found.is_none() {
        return Err(plugins::not_found(&with).at("with"));
    }
    let (orders, wait) = orders(&app, base, with)?;
    let jobs = app.evaluations.start_pair(orders).await.map_err(inside)?;
    let both = async { (jobs[0].ended().await, jobs[1].ended().await) };
    let _ended = tokio::time::timeout(wait, both).await;
    let [base, other] = jobs.each_ref().map(|job| Id(job.id));
    let comparison = compared(&app, base, other, tolerance).await?;
    let address = format!("/v1/comparisons/{}/{}?tolerance={tolerance}", base.0, other.0);
    Ok((status(&comparison), [(header::LOCATION, address)], Json(comparison)).into_response())
}

/// Compares two evaluations by their ids, whatever they are of.
#[utoipa::path(get, path = "/v1/comparisons/{base}/{other}", tag = "evaluations",
    params(("base" = String, Path, description = "The one evaluation"), ("other" = String, Path, description = "The other"), ComparisonQuery),
    responses((status = 200, description = "Both have ended", body = Comparison),
        (status = 202, description = "At least one has not ended", body = Comparison),
        (status = 404, description = "There is no such evaluation", body = ProblemBody)))]
pub async fn show_comparison(
    State(app): State<Shared>,
    Path(ids): Path<(Id, Id)>,
    Query(query): Query<ComparisonQuery>,
) -> Result<(StatusCode, Json<Comparison>), Problem> {
    let comparison = compared(&app, ids.0, ids.1, checked(query.tolerance)?).await?;
    Ok((status(&comparison), Json(comparison)))
}

async fn compared(app: &Shared, base: Id, other: Id, tolerance: f64) -> Result<Comparison, Problem> {
    let (base, other) = (app.evaluations.find(base.0).await?, app.evaluations.find(other.0).await?);
    app.blocking(move |_| Ok::<_, Problem>(compare(&base, &other, tolerance))).await
}

fn status(comparison: &Comparison) -> StatusCode {
    if comparison.status == ComparisonStatus::Running { StatusCode::ACCEPTED } else { StatusCode::OK }
}

/// The same order for both plugins: over a window that does not move between them, and not recorded.
fn orders(app: &Shared, order: Order, with: PluginRef) -> Result<([Order; 2], Duration), Problem> {
    let mut request = order.request;
    if let WindowSpec::Last(span) = request.window {
        let now = app.storage.now();
        let window = Window::new(now.before(span), now);
        let window = window.map_err(|error| Problem::invalid("invalid_window", error.to_string()));
        request.window = WindowSpec::Range(window.map_err(|problem| problem.at("evaluation.window.last"))?);
    }
    let mut beside = request.clone();
    beside.plugin = with;
    let asked = |plugin: &PluginRef| {
        let mut asked = order.asked.clone();
        asked["plugin"] = plugin.to_string().into();
        asked["record"] = false.into();
        asked
    };
    let [one, other] = [asked(&request.plugin), asked(&beside.plugin)];
    let wait = order.wait;
    let base = Order { request, asked: one, record: false, wait };
    Ok(([base, Order { request: beside, asked: other, record: false, wait }], wait))
}

fn checked(tolerance: f64) -> Result<f64, Problem> {
    if (0.0..1.0).contains(&tolerance) {
        return Ok(tolerance);
    }
    let detail = format!("`tolerance` is {tolerance}: give a share from 0 up to, and without, 1, such as 1e-9");
    Err(Problem::invalid("invalid_field", detail).at("tolerance"))
}

/// A problem of the evaluation, at its place in the request.
fn inside(problem: Problem) -> Problem {
    match problem.field.clone() {
        Some(field) => problem.at(format!("evaluation.{field}")),
        None => problem,
    }
}
