//! `driftline evaluate`: run a plugin and print a table.

mod drift;
mod question;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

pub use self::question::{Question, inputs, pair, parameters};
use super::{
    client::{Client, ServerAddress},
    output::say,
    table,
};
use crate::wire::{Evaluation, EvaluationStatus};

/// Runs a plugin over windows of a model's rows and prints a table
///
/// Say what to run with flags, or give a JSON file with the body of
/// POST /v1/evaluations; flags win over the file.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  driftline evaluate --model flights --plugin roc-auc --input score=probability --input label=late \\\n    --start 2001-02-01T00:00:00Z --end 2001-07-01T00:00:00Z --every 7d\n  driftline evaluate --model flights --plugin ks --input 'value=*' --last 7d --reference training --correction benjamini-hochberg"
)]
pub struct Evaluate {
    /// JSON file with the request
    file: Option<PathBuf>,
    /// Whose rows
    #[arg(long, required_unless_present = "file")]
    model: Option<String>,
    /// `name`, `name@version`, `name@alias` or `sha256:…`
    #[arg(long, required_unless_present = "file")]
    plugin: Option<String>,
    #[command(flatten)]
    question: Question,
    /// Don't keep the results as aggregates of the model
    #[arg(long)]
    no_record: bool,
    /// Print the server's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerAddress,
}

/// Does it.
///
/// # Errors
/// What the server says; also when the plugin failed.
pub async fn run(evaluate: Evaluate) -> anyhow::Result<()> {
    let request = request(&evaluate)?;
    let client = Client::new(&evaluate.server)?;
    let (evaluation, answer) = finished(&client, &request).await?;
    if evaluate.json {
        say(format_args!("{answer:#}"))?;
    } else {
        print(&evaluation)?;
    }
    match evaluation.failure {
        Some(failure) => bail!("the evaluation failed: {} ({})", failure.message, failure.code),
        None if evaluation.status == EvaluationStatus::Succeeded => Ok(()),
        None => bail!("the evaluation was {}", evaluation.status.as_str()),
    }
}

fn request(evaluate: &Evaluate) -> anyhow::Result<Value> {
    let mut request = match &evaluate.file {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is not a JSON object", file.display()))?
        }
        None => Map::new(),
    };
    request.extend(evaluate.question.request());
    let mut set = |name: &str, value: Option<Value>| value.and_then(|value| request.insert(name.to_owned(), value));
    set("model", evaluate.model.clone().map(Value::from));
    set("plugin", evaluate.plugin.clone().map(Value::from));
    set("record", evaluate.no_record.then_some(Value::Bool(false)));
    for (name, flag) in [("model", "--model"), ("plugin", "--plugin"), ("window", "--start and --end, or --last")] {
        if !request.contains_key(name) {
            bail!("say {flag}, or give a JSON file with `{name}`");
        }
    }
    Ok(request.into())
}

/// Runs an evaluation and follows it to its end with a progress bar.
///
/// # Errors
/// What the server says.
pub async fn finished(client: &Client, request: &Value) -> anyhow::Result<(Evaluation, Value)> {
    let mut answer = client.post("/v1/evaluations?wait=1s", request).await?;
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} units, {msg} rows read, {elapsed}") {
        bar.set_style(style);
    }
    loop {
        let evaluation: Evaluation = serde_json::from_value(answer.clone())
            .context("the server's answer can't be read: is it of the same release?")?;
        let Some(progress) = evaluation.progress else {
            bar.finish_and_clear();
            return Ok((evaluation, answer));
        };
        bar.set_length(progress.units);
        bar.set_position(progress.units_done);
        bar.set_message(progress.rows.to_string());
        tokio::time::sleep(Duration::from_millis(200)).await;
        answer = client.get(&format!("/v1/evaluations/{}", evaluation.id.0)).await?;
    }
}

fn print(evaluation: &Evaluation) -> anyhow::Result<()> {
    let plugin = &evaluation.plugin;
    say(format_args!("{}@{} on {}: {}", plugin.name, plugin.version, evaluation.model.0, evaluation.status.as_str()))?;
    say(format_args!("{}", table::results(evaluation.results.as_deref().unwrap_or_default())))?;
    if let Some(drift) = &evaluation.drift {
        say(format_args!("columns drifted by {}\n{}", table::criterion(drift), table::drift(drift)))?;
    }
    for left_out in &evaluation.left_out {
        say(format_args!("left out: {} for {}, {}", left_out.column, left_out.input, left_out.reason))?;
    }
    let failures = evaluation.results.iter().flatten().filter_map(|result| result.failure.as_ref());
    for line in failures.flat_map(|failure| &failure.log).chain(&evaluation.log) {
        say(format_args!("log: {line}"))?;
    }
    if let (Some(timing), Some(lineage)) = (&evaluation.timing, &evaluation.lineage) {
        say(format_args!(
            "{:.1} ms, {} segments and {} unsealed rows, data {}",
            timing.total_ms, lineage.segments, lineage.unsealed_rows, lineage.data
        ))?;
    }
    Ok(())
}
