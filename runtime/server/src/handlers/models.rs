//! Models: describe, list, show.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use driftline_storage::ModelDetails;

use crate::{
    app::{App, Shared},
    extract::{self, Path, Query},
    problem::{Problem, ProblemBody},
    wire::{ItemName, List, Model, ModelPut, ModelSummary, PageQuery},
};

/// Creates a model, or replaces what is said of it.
#[utoipa::path(put, path = "/v1/models/{model}", tag = "models", params(("model" = String, Path, description = "Its name")),
    request_body = ModelPut,
    responses((status = 200, description = "Replaced", body = Model), (status = 201, description = "Created", body = Model),
        (status = 422, description = "Refused", body = ProblemBody)))]
pub async fn put_model(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
    request: Request,
) -> Result<(StatusCode, Json<Model>), Problem> {
    let put: ModelPut = extract::json(&app, request).await?;
    let retention = put.retention()?;
    let ModelPut { description, tags, lineage, .. } = put;
    let details = ModelDetails { description, tags, lineage, retention };
    let (model, created) = app
        .blocking(move |app| -> Result<_, Problem> {
            let (model, created) = app.storage.put_model(&name, details)?;
            Ok((described(app, model)?, created))
        })
        .await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(model)))
}

/// Lists models in the order of their names.
#[utoipa::path(get, path = "/v1/models", tag = "models", params(PageQuery),
    responses((status = 200, description = "A page", body = List<ModelSummary>)))]
pub async fn list_models(
    State(app): State<Shared>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<ModelSummary>>, Problem> {
    let limit = extract::limit(page.limit, 1000)?;
    let after = extract::cursor(page.cursor.as_deref())?;
    let models = app.blocking(move |app| app.storage.models(after.as_ref(), limit + 1)).await?;
    let models = models.into_iter().map(ModelSummary::from).collect();
    Ok(Json(List::cut(models, limit, |model: &ModelSummary| model.name.0.to_string())))
}

/// Shows a model: its schema, counts, time range, label coverage and lag.
#[utoipa::path(get, path = "/v1/models/{model}", tag = "models", params(("model" = String, Path, description = "Its name")),
    responses((status = 200, description = "The model", body = Model), (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_model(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<Model>, Problem> {
    let show = move |app: &App| -> Result<Model, Problem> {
        let model = app.model(&name)?;
        described(app, model)
    };
    app.blocking(show).await.map(Json)
}

/// The model with its counts.
fn described(app: &App, model: driftline_storage::Model) -> Result<Model, Problem> {
    let counts = app.storage.model_summary(&model)?;
    let labels = app.storage.label_summary(&model)?;
    Ok(Model::new(model, counts, labels))
}
