//! `driftline plugin run`: a plugin over the rows of a file, without a server.

mod usage;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use driftline_sandbox::{Inspected, Metering};
use serde_json::{Map, Value, json};

use super::{
    chart,
    workbench::{Answer, Question, Workbench},
};
use crate::{
    cli::{
        evaluate::{inputs, pair, parameters},
        output::say,
        table,
    },
    wire::{Failure, UsedPlugin, WindowResult},
};

/// Runs a plugin over the rows of a file, without a server
///
/// With the engine and the limits of a server: files are read as it reads the
/// bodies of requests, values have the same bits. Prints values, charts, the
/// plugin's log, and what it used up. Fuel counts WebAssembly instructions: for
/// the same plugin and rows it is the same on every machine.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  driftline plugin run psi.wasm --data june.csv --input value=probability --reference january.parquet --parameters '{\"bins\": 5}'"
)]
pub struct Run {
    /// The plugin: a Wasm component or a core module
    file: PathBuf,
    /// Rows to measure: .csv, .ndjson, .json, .parquet or .arrow; a column `time` is their time
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Rows to compare with, in one of the same formats
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// A plugin's input and the column or SQL expression that feeds it, or * for all columns that fit; a required input
    /// that is called like a column is fed from it
    #[arg(long = "input", value_name = "INPUT=COLUMN", value_parser = pair)]
    inputs: Vec<(String, String)>,
    /// The plugin's parameters, a JSON object
    #[arg(long, value_name = "JSON")]
    parameters: Option<String>,
    /// One of its parameters; the value is JSON, or text
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    parameter: Vec<(String, String)>,
    /// Start of the window [default: the first row]
    #[arg(long, value_name = "TIME", requires = "end")]
    start: Option<String>,
    /// End of the window, itself outside
    #[arg(long, value_name = "TIME", requires = "start")]
    end: Option<String>,
    /// One result for each period of this length
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// An SQL condition on rows
    #[arg(long = "where", value_name = "SQL")]
    filter: Option<String>,
    /// An SQL expression; one result for each of its values
    #[arg(long, value_name = "SQL")]
    group_by: Vec<String>,
    /// Don't count fuel: then times are those of a server
    #[arg(long)]
    no_fuel: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
///
/// # Errors
/// What a server would refuse; also when the plugin failed.
pub async fn run(run: Run) -> anyhow::Result<()> {
    let request = request(&run)?;
    let workbench = Workbench::new(if run.no_fuel { Metering::Time } else { Metering::Fuel })?;
    let plugin = workbench.install(&read(&run.file)?)?;
    let question = Question { data: &run.data, reference: run.reference.as_deref(), request };
    let answer = workbench.ask(&plugin, 0, question).await?;
    let failure = answer.outcome.failure().cloned().map(Failure::from);
    if run.json {
        print_json(answer)?
    } else {
        print(&plugin, answer)?
    };
    match failure {
        Some(failure) => bail!("the plugin failed: {} ({})", failure.message, failure.code),
        None => Ok(()),
    }
}

/// The bytes of a plugin.
pub fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))
}

fn request(run: &Run) -> anyhow::Result<Map<String, Value>> {
    let mut given = match &run.parameters {
        Some(text) => serde_json::from_str(text).context("--parameters is not a JSON object")?,
        None => Map::new(),
    };
    if let Value::Object(single) = parameters(&run.parameter) {
        given.extend(single);
    }
    let mut request = Map::from_iter([
        ("inputs".to_owned(), if run.inputs.is_empty() { json!({}) } else { inputs(&run.inputs) }),
        ("parameters".to_owned(), Value::Object(given)),
        ("group_by".to_owned(), json!(run.group_by)),
    ]);
    let mut set = |name: &str, value: Option<Value>| value.and_then(|value| request.insert(name.to_owned(), value));
    set("every", run.every.clone().map(Value::from));
    set("where", run.filter.clone().map(Value::from));
    set("window", run.start.as_ref().zip(run.end.as_ref()).map(|(start, end)| json!({"start": start, "end": end})));
    Ok(request)
}

fn print(plugin: &Inspected, answer: Answer) -> anyhow::Result<()> {
    let Answer { rows, reference_rows, outcome, usage } = answer;
    let compared = reference_rows.map(|rows| format!(", compared with {rows}")).unwrap_or_default();
    say(format_args!("{}@{} on {rows} rows{compared}", plugin.description.name, plugin.description.version))?;
    let results: Vec<WindowResult> = outcome.results.into_iter().map(WindowResult::from).collect();
    say(table::results(&results))?;
    for result in &results {
        let heading = if results.len() > 1 { format!("{}: ", table::heading(result)) } else { String::new() };
        for drawn in &result.charts {
            say(format_args!("{heading}{}", chart::draw(drawn)))?;
        }
        for line in result.failure.iter().flat_map(|failure| &failure.log) {
            say(format_args!("log: {line}"))?;
        }
    }
    for line in &outcome.log {
        say(format_args!("log: {line}"))?;
    }
    usage::print(&usage)
}

fn print_json(answer: Answer) -> anyhow::Result<()> {
    let Answer { rows, reference_rows, outcome, usage } = answer;
    let results: Vec<WindowResult> = outcome.results.into_iter().map(WindowResult::from).collect();
    let plugin = UsedPlugin::from(&outcome.plugin);
    let usage = usage::json(&usage);
    say(format_args!(
        "{:#}",
        json!({
            "plugin": plugin, "rows": rows, "reference_rows": reference_rows, "results": results, "log": outcome.log,
            "usage": usage,
        })
    ))
}
