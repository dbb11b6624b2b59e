//! `driftline alert`: what is wrong, and who looks after it.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    client::{Client, ServerAddress},
    monitor::{items, pairs, shown, text, window},
    output::say,
    table::{significant, table},
};

/// Lists alerts, shows one with its events, acknowledges it
#[derive(Debug, Args)]
pub struct Alert {
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
    /// Lists alerts, the newest first
    List {
        /// `open`, `acknowledged` or `resolved` [default: those that are not resolved]
        #[arg(long)]
        status: Option<String>,
        /// Only of this monitor
        #[arg(long)]
        monitor: Option<String>,
        /// Only of this model
        #[arg(long)]
        model: Option<String>,
        /// `warning` or `critical`
        #[arg(long)]
        level: Option<String>,
    },
    /// Shows an alert with everything that became of it
    Show {
        /// Its id
        id: String,
    },
    /// Says that somebody looks after an alert: it is not reminded of any more
    Acknowledge {
        /// Its id
        id: String,
        /// Who
        #[arg(long, env = "USER")]
        by: String,
        /// What for
        #[arg(long)]
        note: Option<String>,
    },
}

/// Does it.
///
/// # Errors
/// What the server says.
pub async fn run(alert: Alert) -> anyhow::Result<()> {
    let (client, as_json) = (Client::new(&alert.server)?, alert.json);
    match alert.action {
        Action::List { status, monitor, model, level } => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for (name, value) in [("status", status), ("monitor", monitor), ("model", model), ("level", level)] {
                if let Some(value) = value {
                    query.append_pair(name, &value);
                }
            }
            shown(&client.pages(&format!("/v1/alerts?{}", query.finish())).await?, as_json, list)
        }
        Action::Show { id } => shown(&client.get(&format!("/v1/alerts/{id}")).await?, as_json, show),
        Action::Acknowledge { id, by, note } => {
            let body = json!({ "by": by, "note": note });
            let answer = client.post(&format!("/v1/alerts/{id}/acknowledge"), &body).await?;
            shown(&answer, as_json, |_| say(format_args!("{by} looks after {id}")))
        }
    }
}

fn list(answer: &Value) -> anyhow::Result<()> {
    let mut lines = table(&["alert", "level", "status", "monitor", "model", "slice", "since", "what"]);
    for alert in items(answer) {
        lines.add_row([
            text(&alert["id"]).to_owned(),
            text(&alert["level"]).to_owned(),
            text(&alert["status"]).to_owned(),
            text(&alert["monitor"]).to_owned(),
            text(&alert["model"]).to_owned(),
            pairs(&alert["slice"]),
            text(&alert["opened"]).to_owned(),
            text(&alert["title"]).to_owned(),
        ]);
    }
    say(lines)
}

fn show(alert: &Value) -> anyhow::Result<()> {
    say(format_args!("{} ({}, {})", text(&alert["title"]), text(&alert["level"]), text(&alert["status"])))?;
    say(text(&alert["detail"]))?;
    if alert["window"].is_object() {
        say(format_args!("window {}", window(&alert["window"])))?;
    }
    if let Some(value) = alert["value"].as_f64() {
        say(format_args!("{} = {}", text(&alert["metric"]), significant(value)))?;
    }
    let mut lines = table(&["when", "what", "level", "by", "note"]);
    for event in alert["events"].as_array().into_iter().flatten() {
        lines.add_row(["at", "event", "level", "by", "note"].map(|key| text(&event[key])));
    }
    say(lines)
}
