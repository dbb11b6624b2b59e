//! `driftline monitor results`.

use clap::Args;
use comfy_table::{Cell, Table};
use serde_json::Value;

use super::{items, pairs, path, shown, text, window};
use crate::cli::{
    client::Client,
    output::say,
    table::{self, number, significant},
};

/// Shows a monitor's results, newest window first; 'stale' are those whose data have changed since
#[derive(Debug, Args)]
pub struct Results {
    /// Its name
    name: String,
    /// Only of this model
    #[arg(long)]
    model: Option<String>,
    /// Windows that end after this time
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// Windows that start before this time
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
    /// As they were known then
    #[arg(long, value_name = "TIME")]
    known_at: Option<String>,
    /// Also the versions that later data replaced
    #[arg(long)]
    history: bool,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// Does it.
///
/// # Errors
/// What the server says.
pub async fn run(asked: Results, client: &Client, as_json: bool) -> anyhow::Result<()> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &asked.limit.to_string());
    let texts = [("model", asked.model), ("start", asked.start), ("end", asked.end), ("known_at", asked.known_at)];
    for (name, value) in texts {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    if asked.history {
        query.append_pair("history", "true");
    }
    let answer = client.get(&format!("{}/results?{}", path(&asked.name), query.finish())).await?;
    shown(&answer, as_json, |answer| say(table(items(answer))))
}

/// One line for each value of each result.
pub fn table(results: &[Value]) -> Table {
    let mut lines =
        table::table(&["window", "model", "slice", "inputs", "rows", "value", "", "level", "known", "note"]);
    for result in results {
        for value in result["values"].as_array().into_iter().flatten() {
            let figure = value["value"].as_f64().map_or_else(|| "–".into(), significant);
            let note = [&result["note"], &value["note"]].into_iter().map(text).find(|note| !note.is_empty());
            lines.add_row(vec![
                Cell::new(window(&result["window"])),
                Cell::new(text(&result["model"])),
                Cell::new(pairs(&result["slice"])),
                Cell::new(pairs(&result["inputs"])),
                number(result["rows"]["used"].as_u64().unwrap_or(0)),
                Cell::new(text(&value["name"])),
                number(figure),
                Cell::new(text(&result["level"])),
                Cell::new(known(result)),
                Cell::new(note.unwrap_or_default()),
            ]);
        }
    }
    lines
}

/// When a result was known, and until when, or that its data have changed since.
fn known(result: &Value) -> String {
    match (result["superseded"].as_str(), &result["stale"]) {
        (Some(superseded), _) => format!("{} … {superseded}", text(&result["known"])),
        (None, Value::Bool(true)) => format!("{} (stale)", text(&result["known"])),
        (None, _) => text(&result["known"]).to_owned(),
    }
}
