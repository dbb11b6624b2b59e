//! `driftline plugin list`: the catalogue.

use serde_json::Value;

use super::{kinds, text};
use crate::cli::{client::Client, output::say, table::table};

/// The groups of the interface, and their headings.
const GROUPS: [(&str, &str); 3] =
    [("drift", "Drift against a reference"), ("quality", "Quality of a model"), ("data", "The data itself")];

/// Outputs that are named; of more it is said how many.
const SHOWN: usize = 4;

/// Prints a table for each group.
///
/// # Errors
/// What the server says.
pub async fn list(client: &Client) -> anyhow::Result<()> {
    let plugins = all(client).await?;
    for (group, heading) in GROUPS {
        let mut lines = table(&["plugin", "what it is for", "inputs", "outputs"]);
        for plugin in plugins.iter().filter(|plugin| plugin["group"] == group) {
            let description = &plugin["description"];
            let retired = if plugin["retired"].is_null() { "" } else { " (retired)" };
            let name = format!("{}@{}{retired}", text(&plugin["name"]), text(&plugin["version"]));
            lines.add_row([name.as_str(), text(&plugin["purpose"]), &inputs(description), &outputs(description)]);
        }
        if !lines.is_empty() {
            say(format_args!("{heading}\n{lines}\n"))?;
        }
    }
    say(format_args!("`driftline plugin show NAME` tells all of one and how to ask for it."))
}

async fn all(client: &Client) -> anyhow::Result<Vec<Value>> {
    let mut plugins = Vec::new();
    let mut path = "/v1/plugins?limit=1000".to_owned();
    loop {
        let mut page = client.get(&path).await?;
        if let Some(items) = page["items"].as_array_mut() {
            plugins.append(items);
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/plugins?limit=1000&cursor={cursor}"),
            None => return Ok(plugins),
        }
    }
}

/// Each input with the kinds that it takes; in brackets where it may be left out.
fn inputs(description: &Value) -> String {
    let input = |input: &Value| {
        let many = if input["repeated"] == true { "…" } else { "" };
        let named = format!("{}{many}: {}", text(&input["name"]), kinds(&input["kind"]));
        if input["optional"] == true { format!("[{named}]") } else { named }
    };
    description["inputs"].as_array().into_iter().flatten().map(input).collect::<Vec<_>>().join(", ")
}

fn outputs(description: &Value) -> String {
    let names: Vec<&str> =
        description["outputs"].as_array().into_iter().flatten().map(|output| text(&output["name"])).collect();
    let named = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
