//! `driftline plugin show`: everything that its author or user needs.

mod parameters;

use serde_json::Value;

use super::{fuel, kinds, laws, text};
use crate::cli::{client::Client, output::say, table::table};

/// Prints what there is to know of a plugin.
///
/// # Errors
/// What the server says.
pub async fn show(plugin: &str, json: bool, client: &Client) -> anyhow::Result<()> {
    let plugin = client.get(&format!("/v1/plugins/{plugin}")).await?;
    if json {
        return say(format_args!("{plugin:#}"));
    }
    let description = &plugin["description"];
    say(format_args!("{}@{}  {}", text(&plugin["name"]), text(&plugin["version"]), text(&plugin["digest"])))?;
    say(format_args!("{}\n", text(&description["doc"])))?;
    describe(description)?;
    if let Ok(laws) = serde_json::from_value(plugin["laws"].clone()) {
        laws::print(&laws)?;
    }
    if let Ok(measured) = serde_json::from_value(plugin["fuel"].clone()) {
        fuel::print(&measured)?;
    }
    versions(&plugin)?;
    standing(&plugin["standing"])?;
    example(&plugin["example"])
}

/// Prints what a plugin takes and gives.
///
/// # Errors
/// When nobody reads any more.
pub fn describe(description: &Value) -> anyhow::Result<()> {
    inputs(description)?;
    outputs(description)?;
    parameters::print(&description["parameters"])?;
    say(match text(&description["reference"]) {
        "required" => "It compares with a reference: a window, or a dataset of the model.",
        "optional" => "It can compare with a reference: a window, or a dataset of the model.",
        _ => "It takes no reference.",
    })?;
    if description["merges"] == false {
        say("Its states do not merge: each window is read as a whole, in order of time, by one instance.")?;
    }
    Ok(())
}

fn inputs(description: &Value) -> anyhow::Result<()> {
    let mut lines = table(&["input", "kind", "", "what it is"]);
    for input in description["inputs"].as_array().into_iter().flatten() {
        let flags = ["optional", "nullable", "repeated"].into_iter().filter(|flag| input[*flag] == true);
        let flags = flags.collect::<Vec<_>>().join(", ");
        lines.add_row([text(&input["name"]), &kinds(&input["kind"]), &flags, text(&input["doc"])]);
    }
    say(lines)
}

fn outputs(description: &Value) -> anyhow::Result<()> {
    let mut lines = table(&["output", "better", "range", "warn at", "alert at", "what it is"]);
    for output in description["outputs"].as_array().into_iter().flatten() {
        let better = match text(&output["direction"]) {
            "neutral" => "",
            better => better,
        };
        let level = |name: &str| output["thresholds"][name].as_f64().map(|level| level.to_string()).unwrap_or_default();
        let (warning, critical) = (level("warning"), level("critical"));
        lines.add_row([
            text(&output["name"]),
            better,
            &range(&output["range"]),
            &warning,
            &critical,
            text(&output["doc"]),
        ]);
    }
    say(lines)
}

/// The smallest and the largest value, as far as there are any.
fn range(range: &Value) -> String {
    let end = |at: usize| range[at].as_f64().map(|end| end.to_string());
    match (end(0), end(1)) {
        (None, None) => String::new(),
        (low, high) => format!("{} … {}", low.unwrap_or_default(), high.unwrap_or_default()).trim().to_owned(),
    }
}

fn versions(plugin: &Value) -> anyhow::Result<()> {
    let version = |version: &Value| {
        format!("{}{}", text(&version["version"]), if version["retired"] == true { " (retired)" } else { "" })
    };
    let versions: Vec<String> = plugin["versions"].as_array().into_iter().flatten().map(version).collect();
    say(format_args!("Versions: {}", versions.join(", ")))
}

/// How it stands on this server.
fn standing(standing: &Value) -> anyhow::Result<()> {
    let aliases: Vec<String> = standing["aliases"].as_array().into_iter().flatten().map(alias).collect();
    if !aliases.is_empty() {
        say(format_args!("Aliases: {}", aliases.join(", ")))?;
    }
    let limits = &standing["limits"];
    let mib = |key: &str| limits[key].as_f64().unwrap_or_default() / f64::from(1 << 20);
    let mib = |key: &str| format!("{:.2}", mib(key)).trim_end_matches('0').trim_end_matches('.').to_owned();
    say(format_args!(
        "It may use {} ms a call, {} ms in all, {} MiB of memory, {} MiB for a state and {} bytes of log.",
        limits["call_ms"],
        limits["total_ms"],
        mib("memory_bytes"),
        mib("output_bytes"),
        limits["log_bytes"]
    ))?;
    for signer in standing["signers"].as_array().into_iter().flatten() {
        let name = signer["name"].as_str().unwrap_or("a key that this server does not list");
        say(format_args!("Signed by {name} ({})", text(&signer["key"])))?;
    }
    let circuit = &standing["circuit"];
    if circuit["consecutive_faults"] == 0 {
        return Ok(());
    }
    let (faults, last) = (&circuit["consecutive_faults"], text(&circuit["last_code"]));
    let until =
        circuit["retry_at"].as_str().map(|time| format!(", and is left alone until {time}")).unwrap_or_default();
    say(format_args!("It has failed by its own doing {faults} times in a row, the last time with {last}{until}."))
}

fn alias(alias: &Value) -> String {
    format!("{} = {}", text(&alias["name"]), text(&alias["version"]))
}

/// The same request as a command and as the body of a call.
fn example(request: &Value) -> anyhow::Result<()> {
    let columns = |columns: &Value| match columns {
        Value::Array(columns) => columns.iter().map(|column| text(column).to_owned()).collect(),
        column => vec![text(column).to_owned()],
    };
    let inputs = request["inputs"].as_object().into_iter().flatten();
    let bound = inputs.flat_map(|(name, bound)| columns(bound).into_iter().map(move |column| (name, column)));
    let flags: String = bound.map(|(name, column)| format!(" --input '{name}={column}'")).collect();
    let reference = match request["reference"]["dataset"].as_str() {
        Some(dataset) => format!(" --reference {dataset}"),
        None => String::new(),
    };
    say(format_args!(
        "\nExample:\n  driftline evaluate --model {} --plugin {}{flags} --last 7d{reference}",
        text(&request["model"]),
        text(&request["plugin"])
    ))?;
    say(format_args!("  POST /v1/evaluations {request}"))
}
