//! `driftline monitor`: what is watched, and how it stands; one file an action that prints a table.

mod list;
mod results;
mod run;
mod show;
mod status;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    client::{Client, ServerAddress},
    output::say,
};

/// Lists monitors, shows how they stand, runs, pauses and resumes them
///
/// Monitors are made by files: see `driftline apply`.
#[derive(Debug, Args)]
pub struct Monitor {
    #[command(subcommand)]
    action: Action,
    /// Print the server's JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    server: ServerAddress,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists monitors
    List,
    /// Shows a monitor's definition
    Show {
        /// Its name
        name: String,
    },
    Run(run::Run),
    /// Lets a monitor rest: what is due meanwhile is left out
    Pause {
        /// Its name
        name: String,
    },
    /// Lets a monitor go on
    Resume {
        /// Its name
        name: String,
    },
    Results(results::Results),
    /// Tells what is late and why, what is due next, and which alerts are open
    Status,
}

/// Does it.
///
/// # Errors
/// What the server says.
pub async fn run(monitor: Monitor) -> anyhow::Result<()> {
    let (client, as_json) = (Client::new(&monitor.server)?, monitor.json);
    match monitor.action {
        Action::List => shown(&client.pages("/v1/monitors").await?, as_json, list::print),
        Action::Show { name } => shown(&client.get(&path(&name)).await?, as_json, show::print),
        Action::Run(action) => run::run(action, &client, as_json).await,
        Action::Pause { name } => {
            let answer = client.post(&format!("{}/pause", path(&name)), &json!({})).await?;
            shown(&answer, as_json, |_| say(format_args!("{name} is paused")))
        }
        Action::Resume { name } => {
            let answer = client.post(&format!("{}/resume", path(&name)), &json!({})).await?;
            shown(&answer, as_json, |_| say(format_args!("{name} goes on")))
        }
        Action::Results(action) => results::run(action, &client, as_json).await,
        Action::Status => shown(&client.pages("/v1/monitors/status").await?, as_json, status::print),
    }
}

fn path(name: &str) -> String {
    format!("/v1/monitors/{name}")
}

/// Prints an answer as JSON, or as `print` does.
pub(super) fn shown(
    answer: &Value,
    as_json: bool,
    print: impl FnOnce(&Value) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if as_json { say(serde_json::to_string_pretty(answer)?) } else { print(answer) }
}

/// The items of a list.
pub(super) fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text, or nothing.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A slice or inputs as names and values.
pub(super) fn pairs(value: &Value) -> String {
    value.as_object().map(super::table::pairs).unwrap_or_default()
}

/// A window, without clock times where they are midnight.
pub(super) fn window(value: &Value) -> String {
    let short = |time: &Value| text(time).trim_end_matches("T00:00:00Z").to_owned();
    format!("{} … {}", short(&value["start"]), short(&value["end"]))
}
