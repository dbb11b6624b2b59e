//! Filling in the past of a monitor.

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use driftline_core::{Name, Window};
use driftline_storage::{RunFilter, RunRecord, RunStatus};
use uuid::Uuid;

use super::runs::watched;
use crate::{
    app::Shared,
    extract::{self, Path},
    monitors::{self, BackfillRange},
    problem::{Problem, ProblemBody},
    wire::{Backfill, BackfillRequest, Id, ItemName, MonitorRun, Progress, RunState},
};

/// Models of a backfill that are shown.
const RUNS: usize = 1000;

/// Fills in the past: every whole window in a time, from as few evaluations as there can be, judged in order of time.
///
/// The results are kept like any others; no alert changes, and nothing is told.
#[utoipa::path(post, path = "/v1/monitors/{monitor}/backfill", tag = "monitors", request_body = BackfillRequest,
    params(("monitor" = String, Path, description = "Its name")),
    responses((status = 202, description = "It is under way; Location says where", body = Backfill),
        (status = 404, description = "There is no such monitor, or it watches no such model", body = ProblemBody),
        (status = 422, description = "There is no whole window in that time", body = ProblemBody)))]
pub async fn begin_backfill(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
    request: Request,
) -> Result<Response, Problem> {
    let BackfillRequest { start, end, model } = extract::json(&app, request).await?;
    let range =
        Window::new(start.0, end.0).map_err(|error| Problem::invalid("invalid_window", error.to_string()).at("end"))?;
    let of = name.clone();
    let (monitor, models) = app
        .blocking(move |app| {
            let monitor = monitors::find(app, &of)?;
            Ok::<_, Problem>((monitor, watched(app, &of, model.map(|model| model.0))?))
        })
        .await?;
    let (id, runs) = monitors::backfill(&app, &monitor, range, models).await?;
    let location = [(header::LOCATION, format!("/v1/monitors/{name}/backfills/{id}"))];
    Ok((StatusCode::ACCEPTED, location, Json(shown(&app, id, runs).await)).into_response())
}

/// Shows how far a filling in is.
#[utoipa::path(get, path = "/v1/monitors/{monitor}/backfills/{id}", tag = "monitors",
    params(("monitor" = String, Path, description = "The monitor's name"), ("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "How far it is", body = Backfill),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_backfill(
    State(app): State<Shared>,
    Path(path): Path<(ItemName, Id)>,
) -> Result<Json<Backfill>, Problem> {
    let (ItemName(name), Id(id)) = path;
    let runs = app.blocking(move |app| found(app, name, id)).await?;
    Ok(Json(shown(&app, id, runs).await))
}

fn found(app: &crate::app::App, name: Name, id: Uuid) -> Result<Vec<RunRecord>, Problem> {
    monitors::find(app, &name)?;
    let filter = RunFilter { monitor: Some(name.clone()), batch: Some(id), ..RunFilter::default() };
    let runs = app.storage.runs(&filter, None, RUNS)?;
    if runs.is_empty() {
        let detail = format!("monitor `{name}` has no backfill {id}: POST /v1/monitors/{name}/backfill begins one");
        return Err(Problem::not_found("backfill_not_found", detail).at("id"));
    }
    Ok(runs)
}

async fn shown(app: &Shared, id: Uuid, runs: Vec<RunRecord>) -> Backfill {
    let has = |status: RunStatus| runs.iter().any(|run| run.status == status);
    let status = match () {
        () if has(RunStatus::Running) => RunState::Running,
        () if has(RunStatus::Due) => RunState::Due,
        () if has(RunStatus::Failed) || has(RunStatus::Skipped) => RunState::Failed,
        () => RunState::Succeeded,
    };
    let ranges = runs.iter().filter_map(|run| serde_json::from_str::<BackfillRange>(&run.detail).ok());
    let windows = ranges.map(|range| range.windows).sum();
    let mut progress: Option<Progress> = None;
    for run in runs.iter().filter(|run| run.status == RunStatus::Running) {
        if let Ok(evaluation) = app.evaluations.find(run.id).await
            && let Some(more) = evaluation.progress
        {
            let so_far = progress.unwrap_or(Progress { units: 0, units_done: 0, rows: 0 });
            progress = Some(Progress {
                units: so_far.units + more.units,
                units_done: so_far.units_done + more.units_done,
                rows: so_far.rows + more.rows,
            });
        }
    }
    Backfill { id: Id(id), status, windows, progress, runs: runs.into_iter().map(MonitorRun::from).collect() }
}
