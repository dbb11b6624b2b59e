//! One prediction by its id.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    app::Shared,
    export,
    extract::Path,
    problem::{Problem, ProblemBody},
    wire::{Id, ItemName},
};

/// Shows one prediction, delayed metrics joined in.
#[utoipa::path(get, path = "/v1/models/{model}/predictions/{id}", tag = "models",
    params(("model" = String, Path, description = "The model's name"), ("id" = String, Path, description = "The prediction's id")),
    responses((status = 200, description = "The row `{\"id\", \"time\", \"end_time\"?, \"deployment\"?, \"labelled_at\"?, \"metrics\": {…}}`", body = Object),
        (status = 400, description = "This is no id", body = ProblemBody),
        (status = 404, description = "There is no such model or prediction", body = ProblemBody)))]
pub async fn show_prediction(State(app): State<Shared>, Path(path): Path<(ItemName, Id)>) -> Result<Response, Problem> {
    let (ItemName(model), Id(id)) = path;
    let find = app.blocking(move |app| {
        let model = app.model(&model)?;
        Ok::<_, Problem>(app.storage.find(&model, id.into_bytes())?)
    });
    let row = find.await?.ok_or_else(|| {
        let detail = format!("there is no prediction {id}: check the id, or whether it was deleted");
        Problem::not_found("prediction_not_found", detail).at("id")
    })?;
    Ok(([(header::CONTENT_TYPE, "application/json")], export::object(&row)?).into_response())
}
