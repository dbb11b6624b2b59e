//! Reference datasets: upload, list, show.

use axum::{
    Json,
    extract::{Request, State},
};

use bytes::Bytes;
use driftline_core::Name;

use super::predictions::{format, receive};
use crate::{
    app::{App, Shared},
    extract::Path,
    ingest::{self, Format, RowKind, Stream},
    problem::{Problem, ProblemBody},
    receive::{Held, Received, Spooled, Watch},
    wire::{Dataset, DatasetStored, ItemName, List},
};

/// Uploads a dataset for use as a reference, in place of an earlier one of that name.
#[utoipa::path(put, path = "/v1/models/{model}/datasets/{dataset}", tag = "models",
    params(("model" = String, Path, description = "The model's name"), ("dataset" = String, Path, description = "The dataset's name")),
    request_body(content(
        (serde_json::Value = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"), (Vec<u8> = "application/vnd.apache.parquet"))),
    responses((status = 200, description = "Stored", body = DatasetStored),
        (status = 404, description = "There is no such model", body = ProblemBody),
        (status = 422, description = "Refused", body = ProblemBody)))]
pub async fn put_dataset(
    State(app): State<Shared>,
    Path(path): Path<(ItemName, ItemName)>,
    request: Request,
) -> Result<Json<DatasetStored>, Problem> {
    let (ItemName(model), ItemName(name)) = path;
    let format = format(request.headers())?;
    match receive(&app, request, format).await? {
        Received::Held(Held { bytes, share }) => {
            let store = move |app: &App| store(app, &model, &name, format, &bytes);
            let stored = app.blocking(store).await;
            drop(share);
            stored.map(Json)
        }
        Received::Spooled(body) => {
            let turn = app.reception.turn().await?;
            let watch = turn.watch();
            app.blocking(move |app| load(app, &model, &name, format, &body, &watch)).await.map(Json)
        }
    }
}

fn store(app: &App, model: &Name, name: &Name, format: Format, body: &Bytes) -> Result<DatasetStored, Problem> {
    let schema = app.model(model)?.schema;
    let decoded = ingest::decode(format, RowKind::Dataset, body, &schema, ingest::now())?;
    if decoded.rows == 0 {
        return Err(empty());
    }
    let dataset = app.storage.put_dataset(model, name, decoded.batches)?;
    Ok(DatasetStored { dataset: dataset.into(), ignored_columns: decoded.ignored })
}

/// A large body, piece by piece.
fn load(
    app: &App,
    model: &Name,
    name: &Name,
    format: Format,
    body: &Spooled,
    watch: &Watch,
) -> Result<DatasetStored, Problem> {
    let schema = app.model(model)?.schema;
    let scratch = app.storage.scratch()?;
    let mut stream = Stream::open(format, RowKind::Dataset, &body.spool, &schema, ingest::now(), scratch)?;
    let mut upload = app.storage.start_dataset(model, name)?;
    while let Some(part) = stream.next_part()? {
        watch.check()?;
        upload.write(&part.batch)?;
    }
    if stream.row_count() == 0 {
        return Err(empty());
    }
    let ignored_columns = stream.ignored().to_vec();
    Ok(DatasetStored { dataset: upload.commit()?.into(), ignored_columns })
}

fn empty() -> Problem {
    Problem::invalid("empty_dataset", "the dataset has no rows: send at least one")
}

/// Lists a model's datasets in the order of their names.
#[utoipa::path(get, path = "/v1/models/{model}/datasets", tag = "models",
    params(("model" = String, Path, description = "The model's name")),
    responses((status = 200, description = "All of them", body = List<Dataset>),
        (status = 404, description = "There is no such model", body = ProblemBody)))]
pub async fn list_datasets(
    State(app): State<Shared>,
    Path(ItemName(model)): Path<ItemName>,
) -> Result<Json<List<Dataset>>, Problem> {
    let list = move |app: &App| -> Result<_, Problem> {
        app.model(&model)?;
        Ok(app.storage.datasets(&model)?)
    };
    let items = app.blocking(list).await?.into_iter().map(Dataset::from).collect();
    Ok(Json(List { items, next_cursor: None }))
}

/// Shows a dataset.
#[utoipa::path(get, path = "/v1/models/{model}/datasets/{dataset}", tag = "models",
    params(("model" = String, Path, description = "The model's name"), ("dataset" = String, Path, description = "The dataset's name")),
    responses((status = 200, description = "The dataset", body = Dataset),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_dataset(
    State(app): State<Shared>,
    Path(path): Path<(ItemName, ItemName)>,
) -> Result<Json<Dataset>, Problem> {
    let (ItemName(model), ItemName(name)) = path;
    let show = move |app: &App| -> Result<Dataset, Problem> {
        app.model(&model)?;
        let found = app.storage.dataset(&model, &name)?;
        let detail = format!("model `{model}` has no dataset `{name}`: PUT one to /v1/models/{model}/datasets/{name}");
        found.map(Dataset::from).ok_or_else(|| Problem::not_found("dataset_not_found", detail).at("dataset"))
    };
    app.blocking(show).await.map(Json)
}
