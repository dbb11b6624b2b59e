//! Aliases of plugins: list, show, set, remove, roll back.

use axum::{
    Json,
    extract::{Request, State},
};
use driftline_core::Name;
use driftline_storage::{Error, PluginRef};

use crate::{
    app::{App, Shared},
    extract::{self, Path},
    plugins::{self, parse_ref},
    problem::{Problem, ProblemBody},
    wire::{Alias, AliasMove, AliasPut, ItemName, List},
};

/// Lists a plugin's aliases by name. `latest` is none of them: it always means the highest version.
#[utoipa::path(get, path = "/v1/plugins/{plugin}/aliases", tag = "plugins",
    params(("plugin" = String, Path, description = "The plugin's name")),
    responses((status = 200, description = "The aliases", body = List<Alias>),
        (status = 404, description = "There is no such plugin", body = ProblemBody)))]
pub async fn list_aliases(
    State(app): State<Shared>,
    Path(ItemName(plugin)): Path<ItemName>,
) -> Result<Json<List<Alias>>, Problem> {
    let aliases = app
        .blocking(move |app| {
            known(app, &plugin)?;
            Ok::<_, Problem>(app.storage.aliases(&plugin)?)
        })
        .await?;
    Ok(Json(List { items: aliases.into_iter().map(Alias::from).collect(), next_cursor: None }))
}

/// Shows an alias and every move it made.
#[utoipa::path(get, path = "/v1/plugins/{plugin}/aliases/{alias}", tag = "plugins",
    params(("plugin" = String, Path, description = "The plugin's name"), ("alias" = String, Path, description = "The alias")),
    responses((status = 200, description = "The alias; without a version when it was removed", body = Alias),
        (status = 404, description = "There never was such an alias", body = ProblemBody)))]
pub async fn show_alias(
    State(app): State<Shared>,
    Path(path): Path<(ItemName, ItemName)>,
) -> Result<Json<Alias>, Problem> {
    let (ItemName(plugin), ItemName(alias)) = path;
    app.blocking(move |app| shown(app, &plugin, &alias)).await.map(Json)
}

/// Lets an alias mean a version from now on, also one that is not the highest.
///
/// Evaluations under way keep the version that they began with.
#[utoipa::path(put, path = "/v1/plugins/{plugin}/aliases/{alias}", tag = "plugins", request_body = AliasPut,
    params(("plugin" = String, Path, description = "The plugin's name"), ("alias" = String, Path, description = "The alias, such as `stable`")),
    responses((status = 200, description = "The alias", body = Alias),
        (status = 404, description = "There is no such version", body = ProblemBody),
        (status = 409, description = "That version is retired", body = ProblemBody),
        (status = 422, description = "It can't be an alias", body = ProblemBody)))]
pub async fn put_alias(
    State(app): State<Shared>,
    Path(path): Path<(ItemName, ItemName)>,
    request: Request,
) -> Result<Json<Alias>, Problem> {
    let (ItemName(plugin), ItemName(alias)) = path;
    let AliasPut { version } = extract::json(&app, request).await?;
    refuse_reserved(&plugin, &alias)?;
    let to = match version.starts_with("sha256:") {
        true => parse_ref(&version),
        false => parse_ref(&format!("{plugin}@{version}")),
    };
    let to = to.map_err(|problem| problem.at("version"))?;
    app.blocking(move |app| {
        let set = app.storage.set_alias(&plugin, &alias, &to);
        set.map_err(|error| match error {
            Error::NotFound { .. } => plugins::not_found(&to),
            error => error.into(),
        })?;
        shown(app, &plugin, &alias)
    })
    .await
    .map(Json)
}

/// Removes an alias: `NAME@ALIAS` means nothing from now on. Its moves stay for the record.
#[utoipa::path(delete, path = "/v1/plugins/{plugin}/aliases/{alias}", tag = "plugins",
    params(("plugin" = String, Path, description = "The plugin's name"), ("alias" = String, Path, description = "The alias")),
    responses((status = 200, description = "Removed", body = Alias),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn remove_alias(
    State(app): State<Shared>,
    Path(path): Path<(ItemName, ItemName)>,
) -> Result<Json<Alias>, Problem> {
    let (ItemName(plugin), ItemName(alias)) = path;
    app.blocking(move |app| {
        app.storage.remove_alias(&plugin, &alias).map_err(|error| missing(error, &plugin, &alias))?;
        shown(app, &plugin, &alias)
    })
    .await
    .map(Json)
}

/// Moves an alias back to the version before; again goes further back.
#[utoipa::path(post, path = "/v1/plugins/{plugin}/aliases/{alias}/rollback", tag = "plugins",
    params(("plugin" = String, Path, description = "The plugin's name"), ("alias" = String, Path, description = "The alias")),
    responses((status = 200, description = "The alias where it is now", body = Alias),
        (status = 404, description = "There never was such an alias", body = ProblemBody),
        (status = 409, description = "It was nowhere before, or that version is retired", body = ProblemBody)))]
pub async fn roll_back_alias(
    State(app): State<Shared>,
    Path(path): Path<(ItemName, ItemName)>,
) -> Result<Json<Alias>, Problem> {
    let (ItemName(plugin), ItemName(alias)) = path;
    app.blocking(move |app| {
        app.storage.roll_back_alias(&plugin, &alias).map_err(|error| missing(error, &plugin, &alias))?;
        shown(app, &plugin, &alias)
    })
    .await
    .map(Json)
}

fn shown(app: &App, plugin: &Name, alias: &Name) -> Result<Alias, Problem> {
    let moves = app.storage.alias_moves(plugin, alias)?;
    if moves.is_empty() {
        return Err(not_found(plugin, alias));
    }
    let present = app.storage.aliases(plugin)?.into_iter().find(|present| present.name == *alias);
    let gone = Alias { name: ItemName(alias.clone()), version: None, digest: None, since: None, moves: Vec::new() };
    let moves = moves.into_iter().map(AliasMove::from).collect();
    Ok(Alias { moves, ..present.map_or(gone, Alias::from) })
}

fn known(app: &App, plugin: &Name) -> Result<(), Problem> {
    let which = PluginRef::Latest(plugin.clone());
    // One whose versions are all retired is known too.
    let listed = app.storage.plugins(Some((plugin, "")), 1)?;
    if listed.first().is_some_and(|record| record.name == *plugin) { Ok(()) } else { Err(plugins::not_found(&which)) }
}

/// An alias is told from a version by its form, and `latest` is not for anyone to move.
fn refuse_reserved(plugin: &Name, alias: &Name) -> Result<(), Problem> {
    if matches!(PluginRef::tagged(plugin.clone(), alias.as_str()), Some(PluginRef::Alias(..))) {
        return Ok(());
    }
    let detail = format!(
        "`{alias}` can't be an alias: `latest` always means the highest version, and versions mean themselves; choose \
         another name, such as `stable`"
    );
    Err(Problem::invalid("invalid_alias", detail).at("alias"))
}

fn missing(error: Error, plugin: &Name, alias: &Name) -> Problem {
    match error {
        Error::NotFound { .. } => not_found(plugin, alias),
        error => error.into(),
    }
}

fn not_found(plugin: &Name, alias: &Name) -> Problem {
    let detail = format!("there is no alias `{plugin}@{alias}`: PUT /v1/plugins/{plugin}/aliases/{alias} makes one");
    Problem::not_found("alias_not_found", detail).at("alias")
}
