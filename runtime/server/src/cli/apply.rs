//! `driftline apply`: monitors and channels from files.

mod files;
mod variables;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use self::files::Document;
use super::{
    client::{Client, ServerAddress},
    output::{Exit, say},
};

/// What the exit status says when `--dry-run` has found differences.
const DIFFERS: u8 = 3;

/// Makes a server's monitors and channels be as files say
///
/// A file holds YAML or JSON documents: `kind: monitor` (which may be left out) or `kind: channel`, a `name`, and what
/// PUT /v1/monitors/{name} or PUT /v1/channels/{name} takes. Everything is checked before anything is changed. Applying the
/// same files again changes nothing. In channels `${NAME}` stands for a variable of the environment, so that files hold no
/// secrets.
///
/// Exit status: 0 when everything is as the files say, 1 when something was refused or failed, 3 when --dry-run found
/// differences.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  driftline apply -f examples/monitors --dry-run\n  driftline apply -f examples/monitors"
)]
pub struct Apply {
    /// A file, or a folder whose .yaml, .yml and .json files are read, in the order of their names
    #[arg(short, long = "file", value_name = "FILE|DIR", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Also remove the monitors that no file names, and the channels if the files name channels
    #[arg(long)]
    prune: bool,
    /// Print the server's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerAddress,
}

/// Does it.
///
/// # Errors
/// What is wrong in which file; [`Exit`] with 3 when a dry run has found differences.
pub async fn run(apply: Apply) -> anyhow::Result<()> {
    let documents = files::read(&apply.files)?;
    let sent: Vec<&Value> = documents.iter().map(|document| &document.value).collect();
    let body = json!({ "documents": sent, "dry_run": apply.dry_run, "prune": apply.prune });
    let answer = match Client::new(&apply.server)?.post("/v1/apply", &body).await {
        Ok(answer) => answer,
        Err(error) => return Err(anyhow::anyhow!(placed(&format!("{error:#}"), &documents))),
    };
    if apply.json {
        say(serde_json::to_string_pretty(&answer)?)?;
    } else {
        print(&answer, apply.dry_run)?;
    }
    if apply.dry_run && count(&answer, "unchanged") < items(&answer).len() {
        return Err(Exit(DIFFERS).into());
    }
    Ok(())
}

/// The message with each `documents[n]` as the file that it came from.
fn placed(message: &str, documents: &[Document]) -> String {
    // From the last on, so that `documents[1]` does not match within `documents[12]`.
    let numbered = documents.iter().enumerate().rev();
    numbered.fold(message.to_owned(), |message, (number, document)| {
        message.replace(&format!("documents[{number}]"), &document.place)
    })
}

fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn count(answer: &Value, outcome: &str) -> usize {
    items(answer).iter().filter(|item| item["outcome"] == outcome).count()
}

fn print(answer: &Value, dry_run: bool) -> anyhow::Result<()> {
    for item in items(answer) {
        let text = |key: &str| item[key].as_str().unwrap_or_default();
        say(format_args!("{} {}: {}", text("kind"), text("name"), text("outcome")))?;
        for change in item["changes"].as_array().into_iter().flatten() {
            say(format_args!("  {}", difference(change)))?;
        }
    }
    let counts = ["created", "changed", "unchanged", "removed"].map(|outcome| (count(answer, outcome), outcome));
    let counts: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, outcome)| format!("{n} {outcome}")).collect();
    let summary = if counts.is_empty() { "nothing to apply".into() } else { counts.join(", ") };
    say(if dry_run { format!("{summary} (dry run: nothing was changed)") } else { summary })
}

/// A field's difference in a line.
fn difference(change: &Value) -> String {
    let field = change["field"].as_str().unwrap_or_default();
    match (change.get("before"), change.get("after")) {
        (Some(before), Some(after)) => format!("{field}: {before} -> {after}"),
        (None, Some(after)) => format!("{field}: + {after}"),
        (Some(before), None) => format!("{field}: - {before}"),
        (None, None) => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_file() {
        let document = |place: &str| Document { place: place.into(), value: Value::Null };
        let documents: Vec<_> = (0..12).map(|n| document(&format!("m.yaml#{n}"))).collect();
        let message = "`documents[11].schedule.cron`: five fields; `documents[1]` too";
        assert_eq!(placed(message, &documents), "`m.yaml#11.schedule.cron`: five fields; `m.yaml#1` too");
    }

    #[test]
    fn differences_are_lines() {
        for (change, line) in [
            (json!({"field": "delay", "before": "1h", "after": "2h"}), r#"delay: "1h" -> "2h""#),
            (json!({"field": "thresholds[1]", "after": {"a": 1}}), r#"thresholds[1]: + {"a":1}"#),
            (json!({"field": "tags", "before": ["x"]}), r#"tags: - ["x"]"#),
        ] {
            assert_eq!(difference(&change), line);
        }
    }
}
