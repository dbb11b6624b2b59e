//! Four metrics for each week, against January.

use std::collections::BTreeMap;

use anyhow::bail;
use comfy_table::Cell;
use driftline_core::{Name, Time};
use serde_json::{Value, json};

use crate::{
    cli::{client::Client, evaluate, output::say, table},
    wire::{Evaluation, WindowResult},
};

/// A metric to ask for, and the values of it that are shown.
struct Question {
    plugin: &'static str,
    inputs: Value,
    parameters: Value,
    has_reference: bool,
    shown: &'static [(&'static str, &'static str)],
}

fn questions() -> Vec<Question> {
    let none = || json!({});
    vec![
        Question {
            plugin: "roc-auc",
            inputs: json!({"score": "probability", "label": "late"}),
            parameters: none(),
            has_reference: false,
            shown: &[("roc_auc", "ROC AUC")],
        },
        Question {
            plugin: "psi",
            inputs: json!({"value": "probability"}),
            parameters: none(),
            has_reference: true,
            shown: &[("psi", "PSI")],
        },
        Question {
            plugin: "ks",
            inputs: json!({"value": "probability"}),
            parameters: none(),
            has_reference: true,
            shown: &[("statistic", "KS D"), ("p_value", "KS p-value")],
        },
        Question {
            plugin: "cost-by-segment",
            inputs: json!({"score": "probability", "label": "late", "segment": "origin"}),
            parameters: json!({"threshold": 0.25}),
            has_reference: true,
            shown: &[("cost_per_prediction", "cost of errors"), ("change", "change")],
        },
    ]
}

/// Asks and prints.
///
/// # Errors
/// What the server says; also when a plugin failed.
pub async fn tell(client: &Client, model: &Name) -> anyhow::Result<()> {
    let mut header = vec!["week from", "flights"];
    let mut weeks: BTreeMap<Time, Vec<Cell>> = BTreeMap::new();
    for question in questions() {
        let evaluation = ask(client, model, &question).await?;
        header.extend(question.shown.iter().map(|(_, header)| *header));
        for result in evaluation.results.iter().flatten() {
            let week = weeks.entry(result.window.start.0).or_insert_with(|| first_cells(result));
            week.extend(question.shown.iter().map(|(name, _)| figure(result, name)));
        }
    }
    let mut lines = table::table(&header);
    lines.add_rows(weeks.into_values());
    say(format_args!("\nHow late will it be? The model's score for each week of 2001, against January:\n\n{lines}"))?;
    Ok(())
}

async fn ask(client: &Client, model: &Name, question: &Question) -> anyhow::Result<Evaluation> {
    let mut request = json!({
        "model": model.as_str(),
        "plugin": question.plugin,
        "inputs": question.inputs,
        "parameters": question.parameters,
        "window": {"start": "2001-02-01T00:00:00Z", "end": "2001-07-01T00:00:00Z"},
        "every": "7d",
    });
    if question.has_reference {
        request["reference"] = json!({"start": "2001-01-01T00:00:00Z", "end": "2001-02-01T00:00:00Z"});
    }
    let (evaluation, _) = evaluate::finished(client, &request).await?;
    if let Some(failure) = &evaluation.failure {
        bail!("{} failed: {} ({})", question.plugin, failure.message, failure.code);
    }
    Ok(evaluation)
}

fn first_cells(result: &WindowResult) -> Vec<Cell> {
    let day = result.window.start.0.to_string().chars().take(10).collect::<String>();
    vec![Cell::new(day), table::number(result.rows.read)]
}

fn figure(result: &WindowResult, name: &str) -> Cell {
    let value = result.values.iter().find(|value| value.name == name);
    table::number(value.map_or_else(|| "–".into(), table::figure))
}
