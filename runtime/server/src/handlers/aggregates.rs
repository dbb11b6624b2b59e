//! Aggregates: numbers of a window, sent by users and produced by evaluations.

use axum::{
    Json,
    extract::{Request, State},
};
use driftline_core::Window;
use driftline_storage::{AggregateFilter, Source};
use serde_json::Value;

use super::window::window;
use crate::{
    app::Shared,
    extract::{self, Path, Query},
    ingest,
    problem::{Problem, ProblemBody},
    wire::{Aggregate, AggregateQuery, AggregateRow, AggregatesAccepted, ItemName, List},
};

/// Attaches numbers to a window of a model.
#[utoipa::path(post, path = "/v1/models/{model}/aggregates", tag = "models",
    params(("model" = String, Path, description = "The model's name")), request_body = Aggregate,
    responses((status = 200, description = "All numbers are durable", body = AggregatesAccepted),
        (status = 404, description = "There is no such model", body = ProblemBody),
        (status = 422, description = "Refused", body = ProblemBody)))]
pub async fn track_aggregate(
    State(app): State<Shared>,
    Path(ItemName(model)): Path<ItemName>,
    request: Request,
) -> Result<Json<AggregatesAccepted>, Problem> {
    let sent: Aggregate = extract::json(&app, request).await?;
    let aggregates = aggregates(&sent)?;
    let accepted = aggregates.len();
    app.blocking(move |app| -> Result<(), Problem> {
        app.model(&model)?;
        Ok(app.storage.append_aggregates(&model, aggregates)?)
    })
    .await?;
    Ok(Json(AggregatesAccepted { accepted }))
}

fn aggregates(sent: &Aggregate) -> Result<Vec<driftline_storage::Aggregate>, Problem> {
    let window = Window::new(sent.start.0, sent.end.0)
        .map_err(|error| Problem::invalid("invalid_window", error.to_string()).at("end"))?;
    if sent.metrics.is_empty() {
        let detail = "`metrics` is empty: send at least one name and number";
        return Err(Problem::invalid("missing_field", detail).at("metrics"));
    }
    let created = ingest::now();
    let aggregate = |(name, value): (&String, &Value)| {
        Ok(driftline_storage::Aggregate {
            window,
            name: checked(name)?.to_owned(),
            value: number(name, value)?,
            slice: "{}".into(),
            source: Source::User,
            evaluation: None,
            labels: "{}".into(),
            created,
        })
    };
    sent.metrics.iter().map(aggregate).collect()
}

fn checked(name: &str) -> Result<&str, Problem> {
    if (1..=256).contains(&name.len()) && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    let detail = "a name of a number has 1 to 256 bytes and no control characters: choose another";
    Err(Problem::invalid("invalid_name", detail).at("metrics"))
}

fn number(name: &str, value: &Value) -> Result<Option<f64>, Problem> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(number.as_f64()),
        other => {
            let detail =
                format!("`metrics.{name}`: expected a number or null, got {}", ingest::excerpt(&other.to_string()));
            Err(Problem::invalid("type_mismatch", detail).at(format!("metrics.{name}")))
        }
    }
}

/// Lists aggregates by the start of their windows, evaluations' results included.
#[utoipa::path(get, path = "/v1/models/{model}/aggregates", tag = "models",
    params(("model" = String, Path, description = "The model's name"), AggregateQuery),
    responses((status = 200, description = "A page", body = List<AggregateRow>),
        (status = 404, description = "There is no such model", body = ProblemBody)))]
pub async fn list_aggregates(
    State(app): State<Shared>,
    Path(ItemName(model)): Path<ItemName>,
    Query(query): Query<AggregateQuery>,
) -> Result<Json<List<AggregateRow>>, Problem> {
    let limit = extract::limit(query.limit, 1000)?;
    let after: Option<i64> = extract::cursor(query.cursor.as_deref())?;
    let window = window(query.start, query.end)?;
    let filter = AggregateFilter { window, name: query.name, evaluation: query.evaluation.map(|id| id.0) };
    let found = app
        .blocking(move |app| -> Result<_, Problem> {
            app.model(&model)?;
            Ok(app.storage.aggregates(&model, &filter, after, limit + 1)?)
        })
        .await?;
    let List { items, next_cursor } = List::cut(found, limit, |(key, _)| key.to_string());
    Ok(Json(List { items: items.into_iter().map(|(_, aggregate)| aggregate.into()).collect(), next_cursor }))
}
