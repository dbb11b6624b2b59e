//! `driftline plugin test`: cases as folders, each with rows, a request, and what is expected of it.

mod case;
mod expected;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use driftline_sandbox::{Inspected, Metering};

use self::{case::Case, expected::Expected};
use super::{
    run::read,
    workbench::{Question, Workbench},
};
use crate::cli::output::say;

/// Runs the cases of a folder, without a server, and says what differs
///
/// A case is a folder with `data.csv` (or .ndjson, .json, .parquet, .arrow),
/// `request.json` (the body of POST /v1/evaluations; model, plugin, window and
/// inputs that are called like columns may be left out), `expected.json`, and
/// perhaps `reference.csv`. What is expected is {"values": {"name": number or
/// null}} of the one result, {"results": [{"slice": {…}, "values": {…}}]} of
/// several, or {"failure": "plugin_invalid_data"}; "tolerance" beside it is
/// relative, 1e-9 unless told. Ends with 1 when a case differs.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  driftline plugin test . --plugin target/wasm32-unknown-unknown/release/my_metric.wasm"
)]
pub struct Test {
    /// The folder: of a case, of cases, or with a folder `cases`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The plugin [default: the only .wasm file in the folder, or in the one above]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// Write what the plugin says into expected.json, instead of comparing
    #[arg(long)]
    write: bool,
}

/// Does it.
///
/// # Errors
/// When a case differs, or can't be run.
pub async fn run(test: Test) -> anyhow::Result<()> {
    let cases = case::all(&test.dir)?;
    let file = match test.plugin {
        Some(file) => file,
        None => the_only_plugin(&test.dir)?,
    };
    let workbench = Workbench::new(Metering::Off)?;
    let plugin = workbench.install(&read(&file)?)?;
    say(format_args!("{}@{}, {}", plugin.description.name, plugin.description.version, file.display()))?;
    let mut differing = 0;
    for (number, case) in cases.iter().enumerate() {
        let differences = match outcome(&workbench, &plugin, number, case, test.write).await {
            Ok(differences) => differences,
            Err(error) => vec![format!("{error:#}")],
        };
        let word = if differences.is_empty() { "ok  " } else { "DIFF" };
        say(format_args!("{word} {}", case.name))?;
        differences.iter().try_for_each(|difference| say(format_args!("     {difference}")))?;
        differing += usize::from(!differences.is_empty());
    }
    match differing {
        0 => say(format_args!("{} cases, none differs", cases.len())),
        _ => bail!("{differing} of {} cases differ", cases.len()),
    }
}

/// What differs from what is expected of a case.
async fn outcome(
    workbench: &Workbench,
    plugin: &Inspected,
    number: usize,
    case: &Case,
    write: bool,
) -> anyhow::Result<Vec<String>> {
    let question = Question { data: &case.data, reference: case.reference.as_deref(), request: case.request()? };
    let answer = workbench.ask(plugin, number, question).await?;
    let path = case.expected();
    if write {
        let text = format!("{}\n", Expected::of(&answer.outcome));
        fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
        return Ok(Vec::new());
    }
    let text =
        fs::read_to_string(&path).with_context(|| format!("{} can't be read: --write makes it", path.display()))?;
    let expected = Expected::read(&text).with_context(|| format!("{}", path.display()))?;
    Ok(expected.differences(&answer.outcome))
}

fn the_only_plugin(dir: &Path) -> anyhow::Result<PathBuf> {
    for folder in [dir.to_owned(), dir.join("..")] {
        let mut found = case::entries(&folder)?;
        found.retain(|path| path.extension().is_some_and(|ending| ending == "wasm"));
        match <[PathBuf; 1]>::try_from(found) {
            Ok([plugin]) => return Ok(plugin),
            Err(none) if none.is_empty() => {}
            Err(_) => break,
        }
    }
    bail!("there is not one .wasm file in {}: say --plugin FILE", dir.display())
}
