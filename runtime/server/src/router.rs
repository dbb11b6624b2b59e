//! Every route, grouped by who calls it.

#[cfg(test)]
mod tests;

use axum::{Router, routing::get};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    handlers::{
        aggregates, aliases, comparisons, datasets, delayed_metrics, deletions, evaluations, fallback, models,
        operations, plugins, predictions, sql,
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
