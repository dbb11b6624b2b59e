//! Every route, grouped by who calls it.

#[cfg(test)]
mod tests;

use axum::{Router, routing::get};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    handlers::{
        aggregates, alerts, aliases, apply, channels, comparisons, datasets, delayed_metrics, deletions, deliveries,
        evaluations, fallback, models,
        monitors::{self, backfills, results, runs},
        operations, plugins, predictions, silences, sql,
    },
    layers,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Driftline",
        description = "A metrics runtime for machine-learning models in production.",
        license(name = "Apache-2.0 OR MIT")
    ),
    tags(
        (name = "models", description = "What predicts, and what it predicted"),
        (name = "plugins", description = "How to judge a model"),
        (name = "evaluations", description = "Plugins run over windows"),
        (name = "monitors", description = "Evaluations on a schedule, with thresholds"),
        (name = "alerts", description = "What is wrong, and who is told"),
        (name = "operations", description = "For whoever runs the server")
    ),
    components(schemas(crate::problem::ProblemBody))
)]
struct Interface;

fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Interface::openapi())
        // Model services
        .routes(routes!(predictions::track_predictions, predictions::read_predictions))
        .routes(routes!(delayed_metrics::track_delayed_metrics, delayed_metrics::list_unmatched))
        .routes(routes!(aggregates::track_aggregate, aggregates::list_aggregates))
        .routes(routes!(predictions::show_prediction, deletions::delete_prediction))
        .routes(routes!(deletions::show_deletion))
        // Data scientists
        .routes(routes!(models::list_models))
        .routes(routes!(models::put_model, models::show_model, deletions::delete_model))
        .routes(routes!(datasets::list_datasets))
        .routes(routes!(datasets::put_dataset, datasets::show_dataset))
        .routes(routes!(plugins::list_plugins, plugins::upload_plugin))
        .routes(routes!(plugins::show_plugin, plugins::retire_plugin))
        .routes(routes!(plugins::fetch_plugin))
        .routes(routes!(plugins::reinstate_plugin))
        .routes(routes!(plugins::show_upload))
        .routes(routes!(aliases::list_aliases))
        .routes(routes!(aliases::show_alias, aliases::put_alias, aliases::remove_alias))
        .routes(routes!(aliases::roll_back_alias))
        .routes(routes!(comparisons::compare_plugins))
        .routes(routes!(comparisons::show_comparison))
        .routes(routes!(evaluations::list_evaluations, evaluations::run_evaluation))
        .routes(routes!(evaluations::show_evaluation, evaluations::cancel_evaluation))
        .routes(routes!(sql::run_sql))
        // Machine-learning engineers
        .routes(routes!(apply::apply_documents))
        .routes(routes!(monitors::list_monitors))
        .routes(routes!(monitors::show_status))
        .routes(routes!(monitors::preview_definition))
        .routes(routes!(monitors::put_monitor, monitors::show_monitor, monitors::remove_monitor))
        .routes(routes!(monitors::pause_monitor))
        .routes(routes!(monitors::resume_monitor))
        .routes(routes!(monitors::preview_monitor))
        .routes(routes!(runs::run_monitor))
        .routes(routes!(runs::list_runs))
        .routes(routes!(results::list_results))
        .routes(routes!(backfills::begin_backfill))
        .routes(routes!(backfills::show_backfill))
        .routes(routes!(alerts::list_alerts))
        .routes(routes!(alerts::show_alert))
        .routes(routes!(alerts::acknowledge_alert))
        .routes(routes!(alerts::resolve_alert))
        .routes(routes!(silences::list_silences, silences::make_silence))
        .routes(routes!(silences::end_silence))
        .routes(routes!(channels::list_channels))
        .routes(routes!(channels::put_channel, channels::show_channel, channels::remove_channel))
        .routes(routes!(channels::test_channel))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(deliveries::show_delivery))
        .routes(routes!(deliveries::retry_delivery))
        // Operators
        .routes(routes!(operations::show_health))
        .routes(routes!(operations::show_readiness))
        .routes(routes!(operations::show_metrics))
}

/// The whole interface over `app`.
pub fn router(app: &Shared) -> Router {
    let (routes, interface) = routes().split_for_parts();
    let interface = serde_json::to_string(&interface).unwrap_or_default();
    let routes = routes
        .route("/openapi.json", get(move || operations::show_interface(interface.clone())))
        .fallback(fallback::unknown_path)
        .method_not_allowed_fallback(fallback::wrong_method)
        .with_state(app.clone());
    layers::around(routes, app)
}
