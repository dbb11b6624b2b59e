//! Health, readiness, metrics and the interface's own description.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{app::Shared, metrics::NAMED, problem::Problem};

/// Says that the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "It lives")))]
pub async fn show_health() -> &'static str {
    "ok\n"
}

/// Says whether requests can be served: the catalog can be read, and the disk takes writes.
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, description = "Requests can be served"), (status = 503, description = "They can't, yet or any more"), (status = 507, description = "The disk is full: reads are answered, writes refused")))]
pub async fn show_readiness(State(app): State<Shared>) -> Result<&'static str, Problem> {
    let read = app.blocking(|app| app.storage.models(None, 1)).await;
    read.map_err(|_| {
        let detail = "the catalog can't be read: look at the server's log";
        Problem::busy(StatusCode::SERVICE_UNAVAILABLE, "not_ready", detail, 1)
    })?;
    app.blocking(|app| app.storage.health()).await?;
    Ok("ready\n")
}

/// Metrics in the OpenMetrics text format, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "Metrics", content_type = "application/openmetrics-text")))]
pub async fn show_metrics(State(app): State<Shared>) -> Result<Response, Problem> {
    let text = app.blocking(|app| {
        app.metrics.storage.show(&app.storage.readings()?);
        let (runs, deliveries) = (app.storage.run_reading()?, app.storage.delivery_reading()?);
        app.metrics.monitors.show(app.storage.now(), runs, deliveries, app.storage.alert_counts(10 * NAMED)?);
        app.metrics.text().map_err(Problem::internal)
    });
    let text = text.await?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

/// This description.
pub async fn show_interface(interface: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], interface).into_response()
}
