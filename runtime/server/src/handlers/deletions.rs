//! Deletions: of a prediction, of a model; how far they are.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    app::Shared,
    extract::{Path, Query},
    maintenance,
    problem::{Problem, ProblemBody},
    wire::{Deletion, Id, ItemName, Wait, WaitQuery},
};

/// How long to wait for the last byte unless told.
const WAIT: Duration = Duration::from_secs(30);

/// Deletes a prediction and its delayed metrics, those that are still to come too.
///
/// Nobody sees it from now on. Waits up to `wait` until its bytes are erased from every file; a deletion that takes
/// longer is answered with 202 and its address. An id that was never tracked is deleted likewise, with 0 rows. Backups
/// made before still have it.
#[utoipa::path(delete, path = "/v1/models/{model}/predictions/{id}", tag = "models",
    params(("model" = String, Path, description = "The model's name"), ("id" = String, Path, description = "The prediction's id"), WaitQuery),
    responses((status = 200, description = "Every byte is gone", body = Deletion),
        (status = 202, description = "It is out of sight and being erased; Location says where to look", body = Deletion),
        (status = 404, description = "There is no such model", body = ProblemBody)))]
pub async fn delete_prediction(
    State(app): State<Shared>,
    Path(path): Path<(ItemName, Id)>,
    Query(query): Query<WaitQuery>,
) -> Result<Response, Problem> {
    let (ItemName(model), Id(id)) = path;
    let deletion = app
        .blocking(move |app| {
            app.model(&model)?;
            Ok::<_, Problem>(app.storage.delete_prediction(&model, id.into_bytes())?)
        })
        .await?;
    answer(app, deletion, query.wait).await
}

/// Deletes a model with everything it had: rows, datasets, evaluations, aggregates.
///
/// It does not exist any more from now on; what is tracked under its name later is a new model's. Waits up to `wait`
/// until its bytes are erased from every file; a deletion that takes longer is answered with 202 and its address.
/// Backups made before still have it.
#[utoipa::path(delete, path = "/v1/models/{model}", tag = "models",
    params(("model" = String, Path, description = "Its name"), WaitQuery),
    responses((status = 200, description = "Every byte is gone", body = Deletion),
        (status = 202, description = "It is out of sight and being erased; Location says where to look", body = Deletion),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn delete_model(
    State(app): State<Shared>,
    Path(ItemName(model)): Path<ItemName>,
    Query(query): Query<WaitQuery>,
) -> Result<Response, Problem> {
    let name = model.clone();
    let deletion = app
        .blocking(move |app| {
            app.model(&name)?;
            Ok::<_, Problem>(app.storage.delete_model(&name)?)
        })
        .await?;
    app.schemas.forget(&model);
    app.evaluations.abandon(&model).await;
    answer(app, deletion, query.wait).await
}

/// Shows how far a deletion is.
#[utoipa::path(get, path = "/v1/deletions/{id}", tag = "models", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The deletion", body = Deletion),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_deletion(State(app): State<Shared>, Path(Id(id)): Path<Id>) -> Result<Json<Deletion>, Problem> {
    let found = app.blocking(move |app| app.storage.deletion(id)).await?;
    let not_found = || Problem::not_found("deletion_not_found", format!("there is no deletion {id}")).at("id");
    found.map(|deletion| Json(deletion.into())).ok_or_else(not_found)
}

/// Erases, waits as long as the caller does, and says how far it came.
async fn answer(app: Shared, deletion: driftline_storage::Deletion, wait: Option<Wait>) -> Result<Response, Problem> {
    let work = tokio::spawn(maintenance::erase(app.clone()));
    // It goes on when the wait is over.
    let _late = tokio::time::timeout(wait.map_or(WAIT, Wait::duration), work).await;
    let id = deletion.id;
    let now = app.blocking(move |app| app.storage.deletion(id)).await?.unwrap_or(deletion);
    let status = if now.finished.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = [(header::LOCATION, format!("/v1/deletions/{id}"))];
    Ok((status, location, Json(Deletion::from(now))).into_response())
}
