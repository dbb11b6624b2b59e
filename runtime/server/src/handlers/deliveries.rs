//! Deliveries: list, show, try again.

use axum::{Json, extract::State};
use uuid::Uuid;

use crate::{
    app::Shared,
    extract::{self, Path, Query},
    problem::{Problem, ProblemBody},
    wire::{Delivery, DeliveryFilter, Id, List},
};

/// Lists notices on their way, newest first; `status=dead` are those that were given up.
#[utoipa::path(get, path = "/v1/deliveries", tag = "alerts", params(DeliveryFilter),
    responses((status = 200, description = "A page", body = List<Delivery>)))]
pub async fn list_deliveries(
    State(app): State<Shared>,
    Query(filter): Query<DeliveryFilter>,
) -> Result<Json<List<Delivery>>, Problem> {
    let limit = extract::limit(filter.limit, 1000)?;
    let after: Option<Uuid> = extract::cursor(filter.cursor.as_deref())?;
    let filter = filter.into();
    let found = app.blocking(move |app| app.storage.deliveries(&filter, after, limit + 1)).await?;
    let found = found.into_iter().map(Delivery::from).collect();
    Ok(Json(List::cut(found, limit, |delivery: &Delivery| delivery.id.0.to_string())))
}

/// Shows a delivery: what is told, how often it was tried, what the receiver said.
#[utoipa::path(get, path = "/v1/deliveries/{id}", tag = "alerts", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The delivery", body = Delivery),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_delivery(State(app): State<Shared>, Path(Id(id)): Path<Id>) -> Result<Json<Delivery>, Problem> {
    let found = app.blocking(move |app| app.storage.delivery(id)).await?;
    found.map(|record| Json(record.into())).ok_or_else(|| not_found(id))
}

/// Tries a delivery that was given up again.
#[utoipa::path(post, path = "/v1/deliveries/{id}/retry", tag = "alerts", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "It will be tried again", body = Delivery),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 409, description = "It was not given up", body = ProblemBody)))]
pub async fn retry_delivery(State(app): State<Shared>, Path(Id(id)): Path<Id>) -> Result<Json<Delivery>, Problem> {
    let record = app
        .blocking(move |app| {
            app.storage.retry_delivery(id).map_err(|error| match error {
                driftline_storage::Error::NotFound { .. } => not_found(id),
                error => error.into(),
            })
        })
        .await?;
    app.scheduler.wake();
    Ok(Json(record.into()))
}

fn not_found(id: Uuid) -> Problem {
    let detail = format!("there is no delivery {id}: GET /v1/deliveries lists those there are");
    Problem::not_found("delivery_not_found", detail).at("id")
}
