//! Alerts: list, show, acknowledge, resolve.

use axum::{
    Json,
    extract::{Request, State},
};
use uuid::Uuid;

use crate::{
    app::{App, Shared},
    extract::{self, Path, Query},
    monitors::{self, Hand},
    problem::{Problem, ProblemBody},
    wire::{Alert, AlertFilter, AlertHand, Id, List},
};

/// Lists alerts, newest first: those that are not resolved, unless a status is asked for.
#[utoipa::path(get, path = "/v1/alerts", tag = "alerts", params(AlertFilter),
    responses((status = 200, description = "A page", body = List<Alert>)))]
pub async fn list_alerts(
    State(app): State<Shared>,
    Query(filter): Query<AlertFilter>,
) -> Result<Json<List<Alert>>, Problem> {
    let limit = extract::limit(filter.limit, 1000)?;
    let after: Option<Uuid> = extract::cursor(filter.cursor.as_deref())?;
    let filter = filter.into();
    let found = app.blocking(move |app| app.storage.alerts(&filter, after, limit + 1)).await?;
    let found: Result<Vec<_>, _> = found.into_iter().map(Alert::of).collect();
    Ok(Json(List::cut(found?, limit, |alert: &Alert| alert.id.0.to_string())))
}

/// Shows an alert and everything that became of it.
#[utoipa::path(get, path = "/v1/alerts/{id}", tag = "alerts", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The alert", body = Alert),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_alert(State(app): State<Shared>, Path(Id(id)): Path<Id>) -> Result<Json<Alert>, Problem> {
    app.blocking(move |app| shown(app, id)).await.map(Json)
}

/// Says that somebody looks after an alert: it is told once more, and not reminded of.
#[utoipa::path(post, path = "/v1/alerts/{id}/acknowledge", tag = "alerts", request_body = AlertHand,
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The alert", body = Alert),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 409, description = "It is resolved", body = ProblemBody)))]
pub async fn acknowledge_alert(
    State(app): State<Shared>,
    Path(Id(id)): Path<Id>,
    request: Request,
) -> Result<Json<Alert>, Problem> {
    let hand = hand(extract::json(&app, request).await?)?;
    taken_in_hand(&app, id, hand, monitors::acknowledge).await
}

/// Resolves an alert by hand. It opens again when a later run breaches.
#[utoipa::path(post, path = "/v1/alerts/{id}/resolve", tag = "alerts", request_body = AlertHand,
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The alert", body = Alert),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 409, description = "It is resolved", body = ProblemBody)))]
pub async fn resolve_alert(
    State(app): State<Shared>,
    Path(Id(id)): Path<Id>,
    request: Request,
) -> Result<Json<Alert>, Problem> {
    let hand = hand(extract::json(&app, request).await?)?;
    taken_in_hand(&app, id, hand, monitors::resolve).await
}

async fn taken_in_hand(
    app: &Shared,
    id: Uuid,
    hand: Hand,
    act: fn(&App, Uuid, Hand) -> Result<(), Problem>,
) -> Result<Json<Alert>, Problem> {
    let alert = app
        .blocking(move |app| {
            act(app, id, hand)?;
            shown(app, id)
        })
        .await?;
    app.scheduler.wake();
    Ok(Json(alert))
}

fn hand(sent: AlertHand) -> Result<Hand, Problem> {
    let by = sent.by.trim().to_owned();
    if by.is_empty() {
        return Err(Problem::invalid("missing_field", "`by` is empty: say who does this").at("by"));
    }
    Ok(Hand { by, note: sent.note })
}

fn shown(app: &App, id: Uuid) -> Result<Alert, Problem> {
    let record = app.storage.alert(id)?.ok_or_else(|| monitors::alert_not_found(id))?;
    let events = app.storage.alert_events(id)?.into_iter().map(Into::into).collect();
    Ok(Alert { events: Some(events), ..Alert::of(record)? })
}
