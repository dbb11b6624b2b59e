//! Monitors: put, list, show, remove, pause, resume.

pub mod backfills;
pub mod results;
pub mod runs;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use driftline_core::Name;
use driftline_storage::{RunFilter, WatchFilter};

use crate::{
    app::{App, Shared},
    extract::{self, Path, Query},
    monitors,
    problem::{Problem, ProblemBody},
    wire::{
        ItemName, List, Monitor, MonitorDefinition, MonitorSummary, MonitorsStatus, Outcome, PageQuery, Preview,
        PreviewRequest, StatusQuery,
    },
};

/// Makes a monitor, or changes it. The same definition again changes nothing.
#[utoipa::path(put, path = "/v1/monitors/{monitor}", tag = "monitors", request_body = MonitorDefinition,
    params(("monitor" = String, Path, description = "Its name")),
    responses((status = 200, description = "Changed, or as it was", body = Monitor),
        (status = 201, description = "Made", body = Monitor),
        (status = 404, description = "There is no such model, plugin, dataset or channel", body = ProblemBody),
        (status = 422, description = "It makes no sense for the models that fit", body = ProblemBody)))]
pub async fn put_monitor(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
    request: Request,
) -> Result<(StatusCode, Json<Monitor>), Problem> {
    let definition: MonitorDefinition = extract::json(&app, request).await?;
    monitors::checked(&app, &name, &definition, &[]).await?;
    let monitor = app.blocking(move |app| monitors::put(app, &name, &definition)).await?;
    app.scheduler.wake();
    let status = if monitor.outcome == Some(Outcome::Created) { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(monitor)))
}

/// Lists monitors in the order of their names.
#[utoipa::path(get, path = "/v1/monitors", tag = "monitors", params(PageQuery),
    responses((status = 200, description = "A page", body = List<MonitorSummary>)))]
pub async fn list_monitors(
    State(app): State<Shared>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<MonitorSummary>>, Problem> {
    let limit = extract::limit(page.limit, 1000)?;
    let after: Option<Name> = extract::cursor(page.cursor.as_deref())?;
    let summaries = app.blocking(move |app| summaries(app, after.as_ref(), limit + 1)).await?;
    Ok(Json(List::cut(summaries, limit, |monitor: &MonitorSummary| monitor.name.0.to_string())))
}

fn summaries(app: &App, after: Option<&Name>, limit: usize) -> Result<Vec<MonitorSummary>, Problem> {
    let records = app.storage.monitors(after, limit)?;
    let names: Vec<Name> = records.iter().map(|record| record.name.clone()).collect();
    let (last, mut open) = (app.storage.last_runs(&names)?, monitors::open_alerts(app, |monitor, _| monitor)?);
    let mut summaries = Vec::with_capacity(records.len());
    for (record, last) in records.iter().zip(last) {
        let monitor = monitors::read(record)?;
        summaries.push(MonitorSummary {
            last_run: last.as_ref().map(monitors::last_run),
            open_alerts: open.remove(&monitor.name).unwrap_or_default(),
            name: ItemName(monitor.name),
            description: monitor.definition.description,
            tags: monitor.definition.tags,
            model: monitor.definition.model,
            plugin: monitor.definition.plugin,
            schedule: monitor.definition.schedule,
            paused: monitor.paused,
            revision: monitor.revision,
        });
    }
    Ok(summaries)
}

/// Shows a monitor.
#[utoipa::path(get, path = "/v1/monitors/{monitor}", tag = "monitors",
    params(("monitor" = String, Path, description = "Its name")),
    responses((status = 200, description = "The monitor", body = Monitor),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_monitor(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<Monitor>, Problem> {
    app.blocking(move |app| monitors::find(app, &name)).await.map(|monitor| Json(monitor.into()))
}

/// Removes a monitor with its runs, results and alerts; open alerts are resolved, and that is told.
#[utoipa::path(delete, path = "/v1/monitors/{monitor}", tag = "monitors",
    params(("monitor" = String, Path, description = "Its name")),
    responses((status = 200, description = "Removed", body = Monitor),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn remove_monitor(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<Monitor>, Problem> {
    let removed = app.blocking(move |app| {
        let monitor = Monitor::from(monitors::find(app, &name)?);
        monitors::remove_monitor(app, &name)?;
        Ok::<_, Problem>(Monitor { outcome: Some(Outcome::Removed), ..monitor })
    });
    let removed = removed.await?;
    app.scheduler.wake();
    app.deliveries.wake();
    Ok(Json(removed))
}

/// Lets a monitor rest: what is due meanwhile is left out.
#[utoipa::path(post, path = "/v1/monitors/{monitor}/pause", tag = "monitors",
    params(("monitor" = String, Path, description = "Its name")),
    responses((status = 200, description = "It rests", body = Monitor),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn pause_monitor(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<Monitor>, Problem> {
    set_paused(&app, name, true).await
}

/// Lets a monitor go on.
#[utoipa::path(post, path = "/v1/monitors/{monitor}/resume", tag = "monitors",
    params(("monitor" = String, Path, description = "Its name")),
    responses((status = 200, description = "It goes on", body = Monitor),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn resume_monitor(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<Monitor>, Problem> {
    set_paused(&app, name, false).await
}

async fn set_paused(app: &Shared, name: Name, paused: bool) -> Result<Json<Monitor>, Problem> {
    let record = app.blocking(move |app| {
        app.storage.pause_monitor(&name, paused).map_err(|error| match error {
            driftline_storage::Error::NotFound { .. } => monitors::not_found(&name),
            error => error.into(),
        })
    });
    let record = record.await?;
    app.scheduler.wake();
    Ok(Json(monitors::read(&record)?.into()))
}

/// Tells how monitors stand: what is late and why, what is due next, how the last runs went, which alerts are open.
#[utoipa::path(get, path = "/v1/monitors/status", tag = "monitors", params(StatusQuery),
    responses((status = 200, description = "How they stand", body = MonitorsStatus)))]
pub async fn show_status(
    State(app): State<Shared>,
    Query(query): Query<StatusQuery>,
) -> Result<Json<MonitorsStatus>, Problem> {
    let limit = extract::limit(query.limit, 1000)?;
    let after = match query.cursor.as_deref() {
        None => None,
        Some(cursor) => {
            let (monitor, model) = cursor.split_once('/').unwrap_or((cursor, ""));
            Some((extract::cursor(Some(monitor))?, extract::cursor(Some(model))?))
        }
    };
    let filter = WatchFilter { monitor: query.monitor.map(|n| n.0), model: query.model.map(|n| n.0), late: false };
    app.blocking(move |app| {
        let after: Option<(Name, Name)> = match after {
            Some((Some(monitor), Some(model))) => Some((monitor, model)),
            _ => None,
        };
        let from = after.as_ref().map(|(monitor, model)| (monitor, model));
        let watches = app.storage.watches(&filter, from, limit + 1)?;
        let items = monitors::statuses(app, watches)?;
        let cut =
            List::cut(items, limit, |item: &crate::wire::WatchStatus| format!("{}/{}", item.monitor.0, item.model.0));
        Ok::<_, Problem>(MonitorsStatus {
            counts: monitors::counts(app)?,
            items: cut.items,
            next_cursor: cut.next_cursor,
        })
    })
    .await
    .map(Json)
}

/// Tells what a monitor would have told over the last 90 days. Nothing is kept.
#[utoipa::path(post, path = "/v1/monitors/preview", tag = "monitors", request_body = PreviewRequest,
    responses((status = 200, description = "What it would have told", body = Preview),
        (status = 404, description = "There is no such model, plugin, dataset or channel", body = ProblemBody),
        (status = 422, description = "It makes no sense for the models that fit", body = ProblemBody)))]
pub async fn preview_definition(State(app): State<Shared>, request: Request) -> Result<Json<Preview>, Problem> {
    let PreviewRequest { definition, until } = extract::json(&app, request).await?;
    let name: Name = "a-preview".parse().map_err(Problem::internal)?;
    monitors::checked(&app, &name, &definition, &[]).await.map_err(inside)?;
    monitors::preview(&app, definition, until.map(|until| until.0)).await.map(Json)
}

fn inside(problem: Problem) -> Problem {
    match problem.field.clone() {
        Some(field) => problem.at(format!("definition.{field}")),
        None => problem,
    }
}

/// Tells what a monitor, as it is, would have told over the last 90 days. Nothing is kept.
#[utoipa::path(post, path = "/v1/monitors/{monitor}/preview", tag = "monitors",
    params(("monitor" = String, Path, description = "Its name")),
    responses((status = 200, description = "What it would have told", body = Preview),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn preview_monitor(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<Preview>, Problem> {
    let monitor = app.blocking(move |app| monitors::find(app, &name)).await?;
    monitors::preview(&app, monitor.definition, None).await.map(Json)
}

/// The runs of a filter that names the monitor.
fn of_monitor(monitor: Name) -> RunFilter {
    RunFilter { monitor: Some(monitor), ..RunFilter::default() }
}
