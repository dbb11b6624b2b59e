//! Plugins: upload, list, show, fetch, retire, reinstate.

use std::time::Duration;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use driftline_core::{Digest, Name};
use driftline_storage::{PluginRecord, PluginRef};

use crate::{
    app::{App, Shared},
    extract::{self, Path, Query},
    plugins::{self, parse_ref, standing},
    problem::{Problem, ProblemBody},
    trust::Signature,
    wire::{Id, Installed, List, PageQuery, Plugin, PluginUpload, PluginVersion, UploadQuery},
};

/// No body is read further than this; what the sandbox takes is less.
const MOST_BYTES: usize = 64 << 20;
/// How long an upload is waited for unless told: as long as a compilation may take.
const WAIT: Duration = Duration::from_secs(60);

/// Uploads a plugin: the body is the component (a core module is made one).
///
/// The same bytes may be uploaded again; a version, once taken, keeps its bytes for ever. Waits up to `wait` (60 s unless
/// told); an upload that takes longer goes on and is answered with 202 and its address. A signature may come in the
/// header `x-plugin-signature`, as `driftline plugin sign` writes it; a server that lists keys takes nothing else.
///
/// Whether it keeps the laws of the contract is checked on generated rows; the findings are in `laws`. Limits that are told
/// here can only lower the server's; they are kept with the plugin until an upload of the same bytes tells others, and
/// are shown with those of its description in `standing.limits`.
#[utoipa::path(post, path = "/v1/plugins", tag = "plugins",
    params(UploadQuery, ("x-plugin-signature" = Option<String>, Header, description = "`ed25519:KEY:SIGNATURE` in hexadecimal digits")),
    request_body(content((Vec<u8> = "application/wasm"))),
    responses((status = 201, description = "Installed", body = Installed),
        (status = 200, description = "The same bytes were installed before", body = Installed),
        (status = 202, description = "It goes on; Location says where", body = PluginUpload),
        (status = 403, description = "It is not signed by a key that the server lists", body = ProblemBody),
        (status = 409, description = "The version has other bytes", body = ProblemBody),
        (status = 413, description = "The body is too large", body = ProblemBody),
        (status = 422, description = "It is no plugin, breaks a law that it claims to keep (`law_broken`), or a limit is out of range; the answer says what its author can do", body = ProblemBody),
        (status = 429, description = "Too many plugins wait to be compiled", body = ProblemBody)))]
pub async fn upload_plugin(
    State(app): State<Shared>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let signature = signature(request.headers())?;
    let limits = query.limits(app.sandbox.limits())?;
    let wasm = app.reception.hold(request, MOST_BYTES).await?;
    if wasm.bytes.is_empty() {
        return Err(Problem::invalid("not_wasm", "the body is empty: send the bytes of a Wasm component"));
    }
    app.trust.check_upload(&Digest::of(&wasm.bytes), signature.as_ref())?;
    let upload = app.uploads.start(&app, wasm, signature, limits);
    match tokio::time::timeout(query.wait.map_or(WAIT, |wait| wait.duration()), upload.ended()).await {
        Ok(ended) => {
            let installed = ended?;
            let status = if installed.already_installed { StatusCode::OK } else { StatusCode::CREATED };
            Ok((status, Json(installed)).into_response())
        }
        Err(_) => {
            let location = [(header::LOCATION, format!("/v1/plugin-uploads/{}", upload.id))];
            Ok((StatusCode::ACCEPTED, location, Json(upload.show(&app.sandbox))).into_response())
        }
    }
}

fn signature(headers: &HeaderMap) -> Result<Option<Signature>, Problem> {
    let Some(value) = headers.get(Signature::HEADER) else { return Ok(None) };
    let parsed = value.to_str().map_err(|error| error.to_string()).and_then(str::parse);
    parsed.map(Some).map_err(|reason: String| {
        let detail = format!("the signature can't be read: {reason}; `driftline plugin sign` writes one");
        Problem::invalid("signature_invalid", detail).at(Signature::HEADER)
    })
}

/// Shows how far an upload is, or how it ended.
#[utoipa::path(get, path = "/v1/plugin-uploads/{id}", tag = "plugins", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The upload", body = PluginUpload),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_upload(State(app): State<Shared>, Path(Id(id)): Path<Id>) -> Result<Json<PluginUpload>, Problem> {
    let upload = app.uploads.find(id).ok_or_else(|| {
        let detail =
            format!("there is no upload {id}: one that has ended is forgotten after a while, and at a restart");
        Problem::not_found("upload_not_found", detail).at("id")
    })?;
    Ok(Json(upload.show(&app.sandbox)))
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

/// Shows a plugin: what it says of itself, a request that would run it, its digest, its versions, how it stands here.
#[utoipa::path(get, path = "/v1/plugins/{plugin}", tag = "plugins",
    params(("plugin" = String, Path, description = "`name`, `name@version`, `name@alias` or `sha256:…`")),
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
    let standing = standing(app, &record)?;
    Ok(Plugin::from(record).in_full(versions, standing))
}

fn find(app: &App, which: &PluginRef) -> Result<PluginRecord, Problem> {
    app.storage.plugin(which)?.ok_or_else(|| plugins::not_found(which))
}

/// Fetches a plugin's bytes, as they were uploaded.
#[utoipa::path(get, path = "/v1/plugins/{plugin}/wasm", tag = "plugins",
    params(("plugin" = String, Path, description = "`name`, `name@version`, `name@alias` or `sha256:…`")),
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
///
/// What an alias means can't be retired: move or roll back the alias first.
#[utoipa::path(delete, path = "/v1/plugins/{plugin}", tag = "plugins",
    params(("plugin" = String, Path, description = "`name` (its latest version), `name@version`, `name@alias` or `sha256:…`")),
    responses((status = 200, description = "Retired", body = Plugin),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 409, description = "An alias means it", body = ProblemBody)))]
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

/// Takes back that a plugin was retired.
#[utoipa::path(post, path = "/v1/plugins/{plugin}/reinstate", tag = "plugins",
    params(("plugin" = String, Path, description = "`name@version` or `sha256:…`")),
    responses((status = 200, description = "It is not retired any more", body = Plugin),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn reinstate_plugin(State(app): State<Shared>, Path(plugin): Path<String>) -> Result<Json<Plugin>, Problem> {
    let which = parse_ref(&plugin)?;
    app.blocking(move |app| {
        let record = find(app, &which)?;
        Ok::<_, Problem>(app.storage.reinstate_plugin(&PluginRef::Digest(record.digest))?.into())
    })
    .await
    .map(Json)
}
