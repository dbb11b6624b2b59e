//! Plugins: upload, list, show, fetch, retire.

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use driftline_core::{Digest, Name};
use driftline_storage::{PluginRecord, PluginRef};

use crate::{
    app::{App, Shared},
    extract::{self, Path, Query},
    plugins::{self, parse_ref},
    problem::{Problem, ProblemBody},
    wire::{Installed, List, PageQuery, Plugin, PluginVersion},
};

/// No body is read further than this; what the sandbox takes is less.
const MOST_BYTES: usize = 64 << 20;

/// Uploads a plugin: the body is the component (a core module is made one).
///
/// The same bytes may be uploaded again; a version, once taken, keeps its bytes for ever. Whether it keeps the laws of
/// the contract is checked on generated rows; the findings are in `laws`.
#[utoipa::path(post, path = "/v1/plugins", tag = "plugins",
    request_body(content((Vec<u8> = "application/wasm"))),
    responses((status = 201, description = "Installed", body = Installed),
        (status = 200, description = "The same bytes were installed before", body = Installed),
        (status = 409, description = "The version has other bytes", body = ProblemBody),
        (status = 413, description = "The body is too large", body = ProblemBody),
        (status = 422, description = "It is no plugin, or breaks a law that it claims to keep (`law_broken`); the answer says what its author can do", body = ProblemBody)))]
pub async fn upload_plugin(
    State(app): State<Shared>,
    request: Request,
) -> Result<(StatusCode, Json<Installed>), Problem> {
    let wasm = app.reception.hold(request, MOST_BYTES).await?;
    if wasm.bytes.is_empty() {
        return Err(Problem::invalid("not_wasm", "the body is empty: send the bytes of a Wasm component"));
    }
    let installed = plugins::install(&app, wasm.bytes.clone()).await?;
    let status = if installed.already_installed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(installed)))
}

/// Lists installed plugins in the order of name and version, retired ones included: a catalogue of what can be measured.
///
/// `group` and `purpose` say in a word and a line what each is for; `description` is what it says of itself.
#[utoipa::path(get, path = "/v1/plugins", tag = "plugins", params(PageQuery),
    responses((status = 200, description = "A page", body = List<Plugin>)))]
pub async fn list_plugins(
    State(app): State<Shared>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<Plugin>>, Problem> {
    let limit = extract::limit(page.limit, 1000)?;
    let after = page.cursor.as_deref().map(cursor).transpose()?;
    let found = app
        .blocking(move |app| {
            let after = after.as_ref().map(|(name, version)| (name, version.as_str()));
            app.storage.plugins(after, limit + 1)
        })
        .await?;
    let List { items, next_cursor } =
        List::cut(found, limit, |record: &PluginRecord| format!("{}@{}", record.name, record.version));
    Ok(Json(List { items: items.into_iter().map(|record| Plugin::from(record).as_listed()).collect(), next_cursor }))
}

fn cursor(text: &str) -> Result<(Name, String), Problem> {
    let parsed = text.split_once('@').and_then(|(name, version)| Some((name.parse().ok()?, version.to_owned())));
    parsed.ok_or_else(|| {
        let detail = "this is no cursor of this list: pass the `next_cursor` of its page before, unchanged";
        Problem::invalid("invalid_cursor", detail).at("cursor")
    })
}

/// Shows a plugin: what it says of itself, a request that would run it, its digest, its versions.
#[utoipa::path(get, path = "/v1/plugins/{plugin}", tag = "plugins",
    params(("plugin" = String, Path, description = "`name`, `name@version` or `sha256:…`")),
    responses((status = 200, description = "The plugin", body = Plugin),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_plugin(State(app): State<Shared>, Path(plugin): Path<String>) -> Result<Json<Plugin>, Problem> {
    let which = parse_ref(&plugin)?;
    app.blocking(move |app| shown(app, &which)).await.map(Json)
}

fn shown(app: &App, which: &PluginRef) -> Result<Plugin, Problem> {
    let record = find(app, which)?;
    let mut versions = Vec::new();
    let mut after = String::new();
    loop {
        // A name's versions stand together in the list, from the empty version text on.
        let page = app.storage.plugins(Some((&record.name, &after)), 100)?;
        let same: Vec<_> = page.iter().take_while(|other| other.name == record.name).collect();
        versions.extend(same.iter().map(|other| PluginVersion::from(*other)));
        match same.last() {
            Some(last) if same.len() == 100 => after.clone_from(&last.version),
            _ => break,
        }
    }
    Ok(Plugin::from(record).in_full(versions))
}

fn find(app: &App, which: &PluginRef) -> Result<PluginRecord, Problem> {
    app.storage.plugin(which)?.ok_or_else(|| plugins::not_found(which))
}

/// Fetches a plugin's bytes, as they were uploaded.
#[utoipa::path(get, path = "/v1/plugins/{plugin}/wasm", tag = "plugins",
    params(("plugin" = String, Path, description = "`name`, `name@version` or `sha256:…`")),
    responses((status = 200, description = "The bytes", content((Vec<u8> = "application/wasm"))),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn fetch_plugin(State(app): State<Shared>, Path(plugin): Path<String>) -> Result<Response, Problem> {
    let which = parse_ref(&plugin)?;
    let fetch = move |app: &App| -> Result<(Digest, Vec<u8>), Problem> {
        let record = find(app, &which)?;
        Ok((record.digest, app.storage.plugin_wasm(&record.digest)?))
    };
    let (digest, wasm) = app.blocking(fetch).await?;
    let headers = [(header::CONTENT_TYPE, "application/wasm".to_owned()), (header::ETAG, format!("\"{digest}\""))];
    Ok((headers, wasm).into_response())
}

/// Retires a plugin: its name means the next highest version from now on; it stays for the record.
#[utoipa::path(delete, path = "/v1/plugins/{plugin}", tag = "plugins",
    params(("plugin" = String, Path, description = "`name` (its latest version), `name@version` or `sha256:…`")),
    responses((status = 200, description = "Retired", body = Plugin),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn retire_plugin(State(app): State<Shared>, Path(plugin): Path<String>) -> Result<Json<Plugin>, Problem> {
    let which = parse_ref(&plugin)?;
    let retire = move |app: &App| -> Result<Plugin, Problem> {
        let record = find(app, &which)?;
        match record.retired {
            Some(_) => Ok(record.into()),
            None => Ok(app.storage.retire_plugin(&which)?.into()),
        }
    };
    app.blocking(retire).await.map(Json)
}
