//! `driftline plugin`: what an author of plugins needs, and what is installed on a server; one file an action.

mod alias;
mod chart;
mod check;
mod compare;
mod fuel;
mod laws;
mod list;
mod new;
mod push;
mod retire;
mod run;
mod show;
mod sign;
mod test;
mod workbench;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{
    client::{self, Client, ServerAddress},
    serve,
};

/// Writes, checks, runs and tests plugins; uploads them, shows what is installed, moves aliases, compares versions
///
/// `new`, `check`, `run` and `test` need no server; they use its engine and its limits.
#[derive(Debug, Args)]
pub struct Plugin {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
enum Action {
    New(new::New),
    /// Checks a plugin as an upload does: world, description, limits, laws; shows what differs from the contract
    Check {
        /// The file: a Wasm component or a core module
        file: PathBuf,
    },
    Run(run::Run),
    Test(test::Test),
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
/// What the server says, or would say.
pub fn run(plugin: Plugin) -> anyhow::Result<()> {
    let client = |server: &ServerAddress| Client::new(server);
    match plugin.action {
        Action::New(new) => new::run(&new),
        Action::Check { file } => check::check(&file),
        // They compute with the threads that a server has.
        Action::Run(run) => serve::runtime()?.block_on(run::run(run)),
        Action::Test(test) => serve::runtime()?.block_on(test::run(test)),
        Action::Push(push) => client::block_on(push::run(push)),
        Action::List { server } => client::block_on(async { list::list(&client(&server)?).await }),
        Action::Show { plugin, json, server } => {
            client::block_on(async { show::show(&plugin, json, &client(&server)?).await })
        }
        Action::Alias { action } => client::block_on(alias::run(action)),
        Action::Retire { plugin, server } => {
            client::block_on(async { retire::retire(&plugin, &client(&server)?).await })
        }
        Action::Reinstate { plugin, server } => {
            client::block_on(async { retire::reinstate(&plugin, &client(&server)?).await })
        }
        Action::Compare(compare) => client::block_on(compare::run(compare)),
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
