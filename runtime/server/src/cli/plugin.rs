//! `driftline plugin push|list|show`.

mod list;
mod show;

use std::path::PathBuf;

use anyhow::Context;
use bytes::Bytes;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{
    client::{Client, ServerAddress},
    output::say,
};

/// Uploads plugins and shows what is installed
#[derive(Debug, Args)]
pub struct Plugin {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Uploads a plugin: a Wasm component, or a core module that the server makes one
    Push {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Lists installed plugins by what they are for: drift, quality, data
    List {
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Shows a plugin: inputs, outputs, thresholds, parameters, an example
    Show {
        /// `name`, `name@version` or `sha256:…`
        plugin: String,
        /// Print the server's JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerAddress,
    },
}

/// Does it.
///
/// # Errors
/// What the server says.
pub async fn run(plugin: Plugin) -> anyhow::Result<()> {
    match plugin.action {
        Action::Push { file, server } => push(&file, &Client::new(&server)?).await,
        Action::List { server } => list::list(&Client::new(&server)?).await,
        Action::Show { plugin, json, server } => show::show(&plugin, json, &Client::new(&server)?).await,
    }
}

async fn push(file: &std::path::Path, client: &Client) -> anyhow::Result<()> {
    let wasm = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let installed = client.post_bytes("/v1/plugins", "application/wasm", Bytes::from(wasm)).await?;
    let verb = if installed["already_installed"] == true { "was installed already" } else { "is installed" };
    say(format_args!(
        "{}@{} {verb} ({})",
        text(&installed["name"]),
        text(&installed["version"]),
        text(&installed["digest"])
    ))?;
    Ok(())
}

/// A text, or nothing.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The kinds that an input takes.
fn kinds(value: &Value) -> String {
    let kinds: Vec<&str> = value.as_array().into_iter().flatten().map(text).collect();
    if kinds.is_empty() { text(value).to_owned() } else { kinds.join(" or ") }
}
