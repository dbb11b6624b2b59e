//! `driftline plugin push|list|show`.

use std::path::PathBuf;

use anyhow::Context;
use bytes::Bytes;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{
    client::{Client, ServerAddress},
    output::say,
    table::table,
};

/// Uploads plugins and shows what is installed
#[derive(Debug, Args)]
pub struct Plugin {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Uploads a plugin: a Wasm component, or a core module that the server makes one
    Push {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Lists installed plugins
    List {
        #[command(flatten)]
        server: ServerAddress,
    },
    /// Shows a plugin: inputs, outputs, parameters
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
/// What the server says.
pub async fn run(plugin: Plugin) -> anyhow::Result<()> {
    match plugin.action {
        Action::Push { file, server } => push(&file, &Client::new(&server)?).await,
        Action::List { server } => list(&Client::new(&server)?).await,
        Action::Show { plugin, json, server } => show(&plugin, json, &Client::new(&server)?).await,
    }
}

async fn push(file: &std::path::Path, client: &Client) -> anyhow::Result<()> {
    let wasm = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let installed = client.post_bytes("/v1/plugins", "application/wasm", Bytes::from(wasm)).await?;
    let verb = if installed["already_installed"] == true { "was installed already" } else { "is installed" };
    say(format_args!(
        "{}@{} {verb} ({})",
        text(&installed["name"]),
        text(&installed["version"]),
        text(&installed["digest"])
    ))?;
    Ok(())
}

async fn list(client: &Client) -> anyhow::Result<()> {
    let mut lines = table(&["plugin", "version", "reference", "outputs", "what it measures"]);
    let mut path = "/v1/plugins?limit=1000".to_owned();
    loop {
        let page = client.get(&path).await?;
        for plugin in page["items"].as_array().into_iter().flatten() {
            let description = &plugin["description"];
            let version =
                format!("{}{}", text(&plugin["version"]), if plugin["retired"].is_null() { "" } else { " (retired)" });
            let doc = text(&description["doc"]);
            let first_sentence = doc.split_inclusive(". ").next().unwrap_or_default().trim();
            lines.add_row([
                text(&plugin["name"]),
                &version,
                text(&description["reference"]),
                &names(&description["outputs"]),
                first_sentence,
            ]);
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/plugins?limit=1000&cursor={cursor}"),
            None => break,
        }
    }
    say(format_args!("{lines}"))?;
    Ok(())
}

async fn show(plugin: &str, json: bool, client: &Client) -> anyhow::Result<()> {
    let plugin = client.get(&format!("/v1/plugins/{plugin}")).await?;
    if json {
        say(format_args!("{plugin:#}"))?;
        return Ok(());
    }
    let description = &plugin["description"];
    say(format_args!("{}@{}  {}", text(&plugin["name"]), text(&plugin["version"]), text(&plugin["digest"])))?;
    say(format_args!("{}\n", text(&description["doc"])))?;
    let mut inputs = table(&["input", "kind", "", "what it is"]);
    for input in description["inputs"].as_array().into_iter().flatten() {
        let flags = ["optional", "nullable", "repeated"].into_iter().filter(|flag| input[*flag] == true);
        let flags = flags.collect::<Vec<_>>().join(", ");
        inputs.add_row([text(&input["name"]), &kinds(&input["kind"]), &flags, text(&input["doc"])]);
    }
    say(format_args!("{inputs}"))?;
    let mut outputs = table(&["output", "better", "what it is"]);
    for output in description["outputs"].as_array().into_iter().flatten() {
        outputs.add_row([text(&output["name"]), text(&output["direction"]), text(&output["doc"])]);
    }
    say(format_args!("{outputs}"))?;
    say(format_args!("reference: {}", text(&description["reference"])))?;
    say(format_args!("parameters: {:#}", description["parameters"]))?;
    Ok(())
}

fn names(items: &Value) -> String {
    let names: Vec<&str> = items.as_array().into_iter().flatten().map(|item| text(&item["name"])).collect();
    names.join(", ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn kinds(value: &Value) -> String {
    let kinds: Vec<&str> = value.as_array().into_iter().flatten().map(text).collect();
    if kinds.is_empty() { text(value).to_owned() } else { kinds.join(" or ") }
}
