//! `driftline plugin`: what an author of plugins needs, and what is installed on a server.

mod chart;
mod check;
mod laws;
mod list;
mod new;
mod push;
mod run;
mod show;
mod test;
mod workbench;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{
    client::{self, Client, ServerAddress},
    serve,
};

/// Writes, checks, runs and tests plugins; uploads them and shows what is installed
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
/// What the server says, or would say.
pub fn run(plugin: Plugin) -> anyhow::Result<()> {
    let client = |server: &ServerAddress| Client::new(server);
    match plugin.action {
        Action::New(new) => new::run(&new),
        Action::Check { file } => check::check(&file),
        // They compute with the threads that a server has.
        Action::Run(run) => serve::runtime()?.block_on(run::run(run)),
        Action::Test(test) => serve::runtime()?.block_on(test::run(test)),
        Action::Push { file, server } => client::block_on(async { push::push(&file, &client(&server)?).await }),
        Action::List { server } => client::block_on(async { list::list(&client(&server)?).await }),
        Action::Show { plugin, json, server } => {
            client::block_on(async { show::show(&plugin, json, &client(&server)?).await })
        }
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
