//! `driftline plugin`: one file an action.

mod alias;
mod compare;
mod list;
mod push;
mod show;
mod sign;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    client::{Client, ServerAddress},
    output::say,
};

/// Uploads plugins, shows what is installed, moves aliases, compares versions
#[derive(Debug, Args)]
pub struct Plugin {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
enum Action {
    Push(push::Push),
    /// Lists installed plugins by what they are for: drift, quality, data
    List {
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Shows a plugin: inputs, outputs, thresholds, parameters, an example
    Show {
        /// `name`, `name@version`, `name@alias` or `sha256:…`
        plugin: String,
        /// Print the server's JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Names for versions that can be moved, such as `stable`
    Alias {
        #[command(subcommand)]
        action: alias::Alias,
    },
    /// Retires a version: its name means the next highest one from now on
    Retire {
        /// `name@version` or `sha256:…`
        plugin: String,
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Takes back that a version was retired
    Reinstate {
        /// `name@version` or `sha256:…`
        plugin: String,
        #[command(flatten)]
        server: ServerAddress,
    },
    Compare(compare::Compare),
    Key(sign::Key),
    Sign(sign::Sign),
}

/// Does it.
///
/// # Errors
/// What the server says.
pub async fn run(plugin: Plugin) -> anyhow::Result<()> {
    match plugin.action {
        Action::Push(push) => push::run(push).await,
        Action::List { server } => list::list(&Client::new(&server)?).await,
        Action::Show { plugin, json, server } => show::show(&plugin, json, &Client::new(&server)?).await,
        Action::Alias { action } => alias::run(action).await,
        Action::Retire { plugin, server } => {
            let retired = Client::new(&server)?.delete(&format!("/v1/plugins/{plugin}")).await?;
            say(format_args!("{}@{} is retired", text(&retired["name"]), text(&retired["version"])))
        }
        Action::Reinstate { plugin, server } => {
            let path = format!("/v1/plugins/{plugin}/reinstate");
            let reinstated = Client::new(&server)?.post(&path, &json!({})).await?;
            say(format_args!("{}@{} is back", text(&reinstated["name"]), text(&reinstated["version"])))
        }
        Action::Compare(compare) => compare::run(compare).await,
        Action::Key(key) => sign::make_key(&key),
        Action::Sign(signed) => sign::sign(&signed),
    }
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
