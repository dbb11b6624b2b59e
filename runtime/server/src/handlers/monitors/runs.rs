//! Runs of a monitor: now, and those there were.

use std::time::Duration;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use driftline_core::Name;
use driftline_storage::{NewRun, Reason, ResultFilter, RunRecord};
use uuid::Uuid;

use super::of_monitor;
use crate::{
    app::{App, Shared},
    extract::{self, Path, Query},
    monitors,
    problem::{Problem, ProblemBody},
    wire::{ItemName, List, MonitorResult, MonitorRun, MonitorRuns, RunFilter, RunNow, Wait},
};

const WAIT: Duration = Duration::from_secs(30);
/// The most results that the answer to a run shows.
const RESULTS: usize = 1000;

/// Runs a monitor now, as if it were due; also one that is paused.
///
/// Waits up to `wait` (30 s unless told); what takes longer goes on and is answered with 202.
#[utoipa::path(post, path = "/v1/monitors/{monitor}/run", tag = "monitors", request_body = RunNow,
    params(("monitor" = String, Path, description = "Its name")),
    responses((status = 200, description = "The runs have ended, one for each model", body = MonitorRuns),
        (status = 202, description = "At least one goes on", body = MonitorRuns),
        (status = 404, description = "There is no such monitor, or it watches no such model", body = ProblemBody)))]
pub async fn run_monitor(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
    request: Request,
) -> Result<(StatusCode, Json<MonitorRuns>), Problem> {
    let RunNow { model, due, wait } = extract::json(&app, request).await?;
    let due = due.map_or(app.storage.now(), |due| due.0);
    let models = app.blocking(move |app| watched(app, &name, model.map(|model| model.0)).map(|models| (name, models)));
    let (name, models) = models.await?;
    let now = app.storage.now();
    let new = |model: Name| {
        let reason = Reason::Manual;
        (
            model,
            NewRun {
                id: Uuid::now_v7(),
                reason,
                due,
                not_before: now,
                batch: None,
                detail: "{}".into(),
                skipped: None,
            },
        )
    };
    let runs: Vec<_> = models.into_iter().map(new).collect();
    let records = app.blocking(move |app| app.storage.insert_runs(&name, runs)).await?;
    app.scheduler.wake();
    let ended = async {
        for record in &records {
            app.scheduler.ended(&app, record.id).await?;
        }
        Ok::<_, Problem>(())
    };
    let in_time = tokio::time::timeout(wait.map_or(WAIT, Wait::duration), ended).await;
    let status = match in_time {
        Ok(ended) => ended.map(|()| StatusCode::OK)?,
        Err(_) => StatusCode::ACCEPTED,
    };
    let items =
        app.blocking(move |app| records.iter().map(|record| shown(app, record.id)).collect::<Result<_, _>>()).await?;
    Ok((status, Json(MonitorRuns { items })))
}

/// The models that a monitor watches, or the one that is asked for.
///
/// # Errors
/// 404 when there is none.
pub fn watched(app: &App, name: &Name, model: Option<Name>) -> Result<Vec<Name>, Problem> {
    let monitor = monitors::find(app, name)?;
    let models = monitors::models(app, &monitor.definition.model)?;
    let models: Vec<Name> =
        models.into_iter().filter(|found| model.as_ref().is_none_or(|model| model == found)).collect();
    if models.is_empty() {
        let asked = model.map_or(monitor.definition.model, |model| model.to_string());
        let detail = format!("monitor `{name}` watches no model `{asked}`: check the name, or send predictions first");
        return Err(Problem::not_found("model_not_found", detail).at("model"));
    }
    Ok(models)
}

fn shown(app: &App, id: Uuid) -> Result<MonitorRun, Problem> {
    let record = app.storage.run(id)?.ok_or_else(|| Problem::internal("a run vanished"))?;
    let results = results_of(app, &record)?;
    Ok(MonitorRun { results: Some(results), ..record.into() })
}

/// The results that hold now of what a run evaluated.
fn results_of(app: &App, run: &RunRecord) -> Result<Vec<MonitorResult>, Problem> {
    let filter = ResultFilter {
        monitor: run.monitor.clone(),
        model: Some(run.model.clone()),
        window: None,
        slice: None,
        known_at: None,
        history: false,
    };
    let mut found = app.storage.results(&filter, None, RESULTS)?;
    let Some(evaluation) = app.storage.evaluation(run.id)? else { return Ok(Vec::new()) };
    let evaluation: crate::wire::Evaluation = serde_json::from_str(&evaluation.result).map_err(Problem::internal)?;
    let windows: Vec<_> = evaluation.results.iter().flatten().map(|result| result.window).collect();
    found.retain(|record| windows.contains(&record.found.window.into()));
    let marks = monitors::marks(app, &found)?;
    found.into_iter().zip(marks).map(|(record, stale)| MonitorResult::of(record, stale)).collect()
}

/// Lists a monitor's runs, those due last first.
#[utoipa::path(get, path = "/v1/monitors/{monitor}/runs", tag = "monitors",
    params(("monitor" = String, Path, description = "Its name"), RunFilter),
    responses((status = 200, description = "A page", body = List<MonitorRun>),
        (status = 404, description = "There is no such monitor", body = ProblemBody)))]
pub async fn list_runs(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
    Query(filter): Query<RunFilter>,
) -> Result<Json<List<MonitorRun>>, Problem> {
    let limit = extract::limit(filter.limit, 1000)?;
    let after: Option<Uuid> = extract::cursor(filter.cursor.as_deref())?;
    let found = app.blocking(move |app| {
        monitors::find(app, &name)?;
        let filter = driftline_storage::RunFilter {
            model: filter.model.map(|model| model.0),
            status: filter.status.map(Into::into),
            reason: filter.reason.map(Into::into),
            ..of_monitor(name)
        };
        Ok::<_, Problem>(app.storage.runs(&filter, after, limit + 1)?)
    });
    let found = found.await?.into_iter().map(MonitorRun::from).collect();
    Ok(Json(List::cut(found, limit, |run: &MonitorRun| run.id.0.to_string())))
}
