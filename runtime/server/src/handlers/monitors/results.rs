//! What a monitor found, and when it was known.

use axum::{Json, extract::State};
use driftline_storage::ResultFilter;

use crate::{
    app::Shared,
    extract::{self, Path, Query},
    handlers::window::window,
    monitors,
    problem::{Problem, ProblemBody},
    wire::{ItemName, List, MonitorResult, ResultQuery},
};

/// Lists a monitor's results, the latest windows first: as they are known now, as they were known at `known_at`, or with
/// `history=true` every version. `stale` marks those whose data have changed since.
#[utoipa::path(get, path = "/v1/monitors/{monitor}/results", tag = "monitors",
    params(("monitor" = String, Path, description = "Its name"), ResultQuery),
    responses((status = 200, description = "A page", body = List<MonitorResult>),
        (status = 404, description = "There is no such monitor", body = ProblemBody)))]
pub async fn list_results(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
    Query(query): Query<ResultQuery>,
) -> Result<Json<List<MonitorResult>>, Problem> {
    let limit = extract::limit(query.limit, 1000)?;
    let after: Option<i64> = extract::cursor(query.cursor.as_deref())?;
    let slice = query.slice.as_deref().map(slice).transpose()?;
    let filter = ResultFilter {
        monitor: name.clone(),
        model: query.model.map(|model| model.0),
        window: window(query.start, query.end)?,
        slice,
        known_at: query.known_at.map(|at| at.0),
        history: query.history,
    };
    let found = app.blocking(move |app| {
        monitors::find(app, &name)?;
        let found = app.storage.results(&filter, after, limit + 1)?;
        let List { items, next_cursor } = List::cut(found, limit, |record| record.id.to_string());
        let marks = monitors::marks(app, &items)?;
        let items: Result<Vec<_>, Problem> =
            items.into_iter().zip(marks).map(|(record, stale)| MonitorResult::of(record, stale)).collect();
        Ok::<_, Problem>(List { items: items?, next_cursor })
    });
    Ok(Json(found.await?))
}

/// A slice as results have it.
fn slice(text: &str) -> Result<String, Problem> {
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
    parsed.map(|cells| serde_json::Value::Object(cells).to_string()).map_err(|_| {
        let detail = "`slice` is no JSON object: write for example {\"origin\": \"ATL\"}, percent-encoded";
        Problem::bad_request("invalid_query", detail).at("slice")
    })
}
