//! `driftline monitor run`: run now.

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use super::{items, path, results, shown, text};
use crate::cli::{client::Client, output::say};

/// Runs a monitor now, as if it were due, and prints what came out
#[derive(Debug, Args)]
pub struct Run {
    /// Its name
    name: String,
    /// Only for this model, where a pattern fits several
    #[arg(long)]
    model: Option<String>,
    /// As if it were due at this instant: RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    due: Option<String>,
    /// How long to wait for the end
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    wait: String,
}

/// Does it.
///
/// # Errors
/// What the server says, or that a run failed.
pub async fn run(run: Run, client: &Client, as_json: bool) -> anyhow::Result<()> {
    let mut body = json!({ "wait": run.wait });
    for (field, value) in [("model", run.model), ("due", run.due)] {
        if let Some(value) = value {
            body[field] = value.into();
        }
    }
    let answer = client.post(&format!("{}/run", path(&run.name)), &body).await?;
    shown(&answer, as_json, print)?;
    if let Some(failed) = items(&answer).iter().find(|run| run["status"] == "failed") {
        bail!("the run for {} failed: {}", text(&failed["model"]), text(&failed["outcome"]["message"]));
    }
    Ok(())
}

fn print(answer: &Value) -> anyhow::Result<()> {
    for run in items(answer) {
        say(format_args!("{}: {}, due {}", text(&run["model"]), text(&run["status"]), text(&run["due"])))?;
        if run["results"].is_array() {
            say(results::table(run["results"].as_array().map(Vec::as_slice).unwrap_or_default()))?;
        }
    }
    Ok(())
}
