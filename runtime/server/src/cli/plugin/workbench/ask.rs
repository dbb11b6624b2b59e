//! One question to a plugin on a workbench: rows, perhaps others to compare with, and a request.

use std::path::Path;

use anyhow::Context;
use driftline_eval::Outcome;
use driftline_sandbox::{Inspected, Usage};
use serde_json::{Map, Value, json};

use super::{Loaded, Workbench, model, said};
use crate::{handlers::evaluations::order::order, wire::EvaluationRequest};

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// The file with the rows to measure.
    pub data: &'a Path,
    /// The file with the rows to compare with.
    pub reference: Option<&'a Path>,
    /// The body of POST /v1/evaluations; what it may leave out here are `model`, `plugin`, `reference`, the `window`
    /// (all rows) and `inputs` that are called like columns.
    pub request: Map<String, Value>,
}

/// What came of it.
#[derive(Debug)]
pub struct Answer {
    /// Rows of the file.
    pub rows: u64,
    /// Rows that it was compared with.
    pub reference_rows: Option<u64>,
    /// What the plugin said.
    pub outcome: Outcome,
    /// What it used up.
    pub usage: Usage,
}

impl Workbench {
    /// Asks a plugin that is installed here; `number` is another one for every question.
    ///
    /// # Errors
    /// What of the files or the request is refused. A plugin's failure is in the outcome.
    pub async fn ask(&self, plugin: &Inspected, number: usize, question: Question<'_>) -> anyhow::Result<Answer> {
        let name = model(number)?;
        let loaded = self.load(question.data, &name)?;
        let reference = question.reference.map(|file| self.load_reference(file, &name)).transpose()?;
        let mut request = question.request;
        let mut set = |key: &str, value: Value| _ = request.entry(key).or_insert(value);
        set("model", json!(name.as_str()));
        set("plugin", json!(plugin.digest.to_string()));
        set("window", json!({"start": loaded.window.start().to_string(), "end": loaded.window.end().to_string()}));
        set("inputs", json!({}));
        if let Some((dataset, _)) = &reference {
            set("reference", json!({"dataset": dataset.as_str()}));
        }
        if let Some(inputs) = request["inputs"].as_object_mut() {
            bind(inputs, plugin, &loaded);
        }
        let asked: EvaluationRequest =
            serde_path_to_error::deserialize(Value::Object(request)).context("the request can't be read")?;
        let (outcome, usage) = self.run(order(asked, None).map_err(said)?.request).await?;
        Ok(Answer { rows: loaded.rows, reference_rows: reference.map(|(_, rows)| rows), outcome, usage })
    }
}

/// Feeds required inputs that nothing feeds yet from the columns that are called like them.
fn bind(inputs: &mut Map<String, Value>, plugin: &Inspected, loaded: &Loaded) {
    for input in plugin.description.inputs.iter().filter(|input| !input.optional) {
        if !inputs.contains_key(&input.name) && loaded.schema.column_type(&input.name).is_some() {
            inputs.insert(input.name.clone(), json!(input.name));
        }
    }
}
