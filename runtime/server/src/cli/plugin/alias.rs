//! `driftline plugin alias`: names for versions that can be moved.

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Value, json};

use super::text;
use crate::cli::{
    client::{Client, ServerAddress},
    output::say,
    table::table,
};

/// What to do with aliases.
#[derive(Debug, Subcommand)]
pub enum Alias {
    /// Lists the aliases of a plugin
    List {
        /// The plugin's name
        plugin: String,
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Shows where an alias is, and every move it made
    Show {
        /// `name@alias`
        alias: String,
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Lets an alias mean a version from now on
    Set {
        /// `name@alias`
        alias: String,
        /// A version, `latest`, another alias or `sha256:…`
        version: String,
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Moves an alias back to the version before; again goes further back
    Rollback {
        /// `name@alias`
        alias: String,
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Removes an alias
    Remove {
        /// `name@alias`
        alias: String,
        #[command(flatten)]
        server: ServerAddress,
    },
}

/// Does it.
///
/// # Errors
/// What the server says.
pub async fn run(action: Alias) -> anyhow::Result<()> {
    match action {
        Alias::List { plugin, server } => list(&plugin, &Client::new(&server)?).await,
        Alias::Show { alias, server } => moves(&Client::new(&server)?.get(&path(&alias)?).await?),
        Alias::Set { alias, version, server } => {
            let body = json!({ "version": version });
            told(&alias, &Client::new(&server)?.put(&path(&alias)?, &body).await?)
        }
        Alias::Rollback { alias, server } => {
            let path = format!("{}/rollback", path(&alias)?);
            told(&alias, &Client::new(&server)?.post(&path, &json!({})).await?)
        }
        Alias::Remove { alias, server } => {
            Client::new(&server)?.delete(&path(&alias)?).await?;
            say(format_args!("{alias} means nothing any more"))
        }
    }
}

fn path(alias: &str) -> anyhow::Result<String> {
    let (plugin, alias) = alias.split_once('@').context("write NAME@ALIAS, such as roc-auc@stable")?;
    Ok(format!("/v1/plugins/{plugin}/aliases/{alias}"))
}

fn told(alias: &str, answer: &Value) -> anyhow::Result<()> {
    let before = answer["moves"][0]["from"].as_str().map(|from| format!(", before {from}")).unwrap_or_default();
    say(format_args!("{alias} means {} ({}){before}", text(&answer["version"]), text(&answer["digest"])))
}

async fn list(plugin: &str, client: &Client) -> anyhow::Result<()> {
    let aliases = client.get(&format!("/v1/plugins/{plugin}/aliases")).await?;
    let mut lines = table(&["alias", "version", "since", "digest"]);
    for alias in aliases["items"].as_array().into_iter().flatten() {
        lines.add_row(["name", "version", "since", "digest"].map(|key| text(&alias[key])));
    }
    say(lines)
}

fn moves(alias: &Value) -> anyhow::Result<()> {
    let mut lines = table(&["when", "what", "from", "to"]);
    for moved in alias["moves"].as_array().into_iter().flatten() {
        lines.add_row(["moved", "kind", "from", "to"].map(|key| text(&moved[key])));
    }
    say(format_args!("{} means {}\n{lines}", text(&alias["name"]), alias["version"].as_str().unwrap_or("nothing")))
}
