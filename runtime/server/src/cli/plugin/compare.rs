//! `driftline plugin compare`: two plugins over the same rows, and every difference.

use anyhow::{Context, bail};
use clap::Args;
use comfy_table::Cell;
use serde_json::{Value, json};

use crate::{
    cli::{
        client::{Client, ServerAddress},
        evaluate::Question,
        output::say,
        table::{bounds, number, pairs, significant, table},
    },
    wire::{Comparison, ComparisonStatus, Difference, DifferenceKind},
};

/// Runs two plugins, or two versions of one, over the very same rows and prints every difference
///
/// The exit status is 0 when nothing differs, and 1 otherwise.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  driftline plugin compare roc-auc@stable roc-auc@1.1.0 --model flights --input score=probability --input label=late \\\n    --start 2001-02-01T00:00:00Z --end 2001-07-01T00:00:00Z --every 7d"
)]
pub struct Compare {
    /// The one: `name`, `name@version`, `name@alias` or `sha256:…`
    base: String,
    /// The other
    other: String,
    /// Whose rows
    #[arg(long)]
    model: String,
    #[command(flatten)]
    question: Question,
    /// Numbers that differ by at most this share of the larger one are equal
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    tolerance: f64,
    /// Print the server's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerAddress,
}

/// Does it.
///
/// # Errors
/// What the server says; also when something differs.
pub async fn run(compare: Compare) -> anyhow::Result<()> {
    let mut evaluation = compare.question.request();
    if !evaluation.contains_key("window") {
        bail!("say --start and --end, or --last");
    }
    evaluation.insert("model".to_owned(), json!(compare.model));
    evaluation.insert("plugin".to_owned(), json!(compare.base));
    let request = json!({"evaluation": evaluation, "with": compare.other, "tolerance": compare.tolerance});
    let answer = finished(&Client::new(&compare.server)?, &request, compare.tolerance).await?;
    let comparison: Comparison = serde_json::from_value(answer.clone())
        .context("the server's answer can't be read: is it of the same release?")?;
    if compare.json {
        say(format_args!("{answer:#}"))?;
    } else {
        print(&comparison)?;
    }
    match comparison.status {
        ComparisonStatus::Equal => Ok(()),
        ComparisonStatus::Different => bail!("{} differences", comparison.differences.len()),
        ComparisonStatus::Running | ComparisonStatus::Incomplete => bail!("{}", incomplete(&comparison)),
    }
}

async fn finished(client: &Client, request: &Value, tolerance: f64) -> anyhow::Result<Value> {
    let mut answer = client.post("/v1/comparisons?wait=10s", request).await?;
    while answer["status"] == "running" {
        let id = |side: &str| answer[side]["evaluation"].as_str().unwrap_or_default().to_owned();
        let path = format!("/v1/comparisons/{}/{}?tolerance={tolerance}", id("base"), id("other"));
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        answer = client.get(&path).await?;
    }
    Ok(answer)
}

fn print(comparison: &Comparison) -> anyhow::Result<()> {
    let Comparison { base, other, results, values, differences, .. } = comparison;
    let named = |side: &crate::wire::Compared| {
        format!("{}@{} ({}): {}", side.plugin.name, side.plugin.version, side.plugin.digest, side.status.as_str())
    };
    say(format_args!("{}\n{}", named(base), named(other)))?;
    if !differences.is_empty() {
        let mut lines =
            table(&["window", "slice", "inputs", "what", "", "base", "other", "absolute", "relative", "more"]);
        differences.iter().for_each(|difference| _ = lines.add_row(line(difference)));
        say(lines)?;
    }
    let same = if comparison.same_data == Some(false) { ", which read different rows" } else { "" };
    say(format_args!("{} differences in {results} results with {values} values{same}", differences.len()))
}

fn line(difference: &Difference) -> Vec<Cell> {
    let figure = |value: Option<f64>| number(value.map_or_else(|| "–".to_owned(), significant));
    let relative =
        difference.relative.map_or_else(|| "–".to_owned(), |share| format!("{} %", significant(share * 100.0)));
    vec![
        Cell::new(bounds(&difference.window)),
        Cell::new(pairs(&difference.slice)),
        Cell::new(pairs(&difference.inputs)),
        Cell::new(&difference.name),
        Cell::new(difference.kind.as_str().replace('_', " ")),
        figure(difference.base),
        figure(difference.other),
        figure(difference.absolute),
        number(relative),
        Cell::new(more(difference)),
    ]
}

fn more(difference: &Difference) -> String {
    let points = difference.chart.filter(|_| difference.kind == DifferenceKind::Chart).map(|chart| {
        let largest = chart.largest.map(|largest| format!(", by up to {}", significant(largest))).unwrap_or_default();
        format!("{} of {} points{largest}", chart.points, chart.of)
    });
    [points, difference.detail.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn incomplete(comparison: &Comparison) -> String {
    let failures = [&comparison.base, &comparison.other].into_iter().map(|side| {
        let why = side.failure.as_ref().map(|failure| format!(", {} ({})", failure.message, failure.code));
        format!("{}@{} was {}{}", side.plugin.name, side.plugin.version, side.status.as_str(), why.unwrap_or_default())
    });
    format!("they can't be compared: {}", failures.collect::<Vec<_>>().join("; "))
}
