//! What is asked of a plugin: columns, parameters, windows, a reference.

use clap::Args;
use serde_json::{Map, Value, json};

use super::drift::DriftArgs;

/// What is asked of a plugin, as flags.
#[derive(Debug, Args)]
pub struct Question {
    /// A plugin's input and the column or SQL expression that feeds it, or * for all columns that fit; again with the same
    /// name for several columns
    #[arg(long = "input", value_name = "INPUT=COLUMN", value_parser = pair)]
    inputs: Vec<(String, String)>,
    /// A parameter of the plugin; the value is JSON, or text
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    parameters: Vec<(String, String)>,
    /// Start of the window
    #[arg(long, value_name = "TIME", requires = "end", conflicts_with = "last")]
    start: Option<String>,
    /// End of the window, itself outside
    #[arg(long, value_name = "TIME", requires = "start")]
    end: Option<String>,
    /// The time before now instead, such as 7d
    #[arg(long, value_name = "DURATION")]
    last: Option<String>,
    /// One result for each period of this length
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// What to compare with: a dataset's name, or START..END
    #[arg(long, value_name = "DATASET|START..END")]
    reference: Option<String>,
    /// An SQL condition on rows
    #[arg(long = "where", value_name = "SQL")]
    filter: Option<String>,
    /// An SQL expression; one result for each of its values
    #[arg(long, value_name = "SQL")]
    group_by: Vec<String>,
    #[command(flatten)]
    drift: DriftArgs,
}

impl Question {
    /// The fields of a request that the flags set.
    pub fn request(&self) -> Map<String, Value> {
        let mut request = Map::new();
        let mut set = |name: &str, value: Option<Value>| value.and_then(|value| request.insert(name.to_owned(), value));
        set("inputs", (!self.inputs.is_empty()).then(|| inputs(&self.inputs)));
        set("parameters", (!self.parameters.is_empty()).then(|| parameters(&self.parameters)));
        set("window", window(self));
        set("every", self.every.clone().map(Value::from));
        set("reference", self.reference.as_deref().map(reference));
        set("where", self.filter.clone().map(Value::from));
        set("group_by", (!self.group_by.is_empty()).then(|| json!(self.group_by)));
        set("drift", self.drift.request());
        request
    }
}

pub fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    if name.is_empty() || value.is_empty() {
        return Err("write NAME=VALUE".into());
    }
    Ok((name.to_owned(), value.to_owned()))
}

pub fn inputs(pairs: &[(String, String)]) -> Value {
    let mut inputs = Map::new();
    for (name, column) in pairs {
        match inputs.get_mut(name) {
            None => _ = inputs.insert(name.clone(), json!(column)),
            Some(Value::Array(columns)) => columns.push(json!(column)),
            Some(first) => *first = json!([first, column]),
        }
    }
    inputs.into()
}

pub fn parameters(pairs: &[(String, String)]) -> Value {
    let value = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    Value::Object(pairs.iter().map(|(name, text)| (name.clone(), value(text))).collect())
}

fn window(question: &Question) -> Option<Value> {
    match (&question.start, &question.end, &question.last) {
        (Some(start), Some(end), _) => Some(json!({"start": start, "end": end})),
        (_, _, Some(last)) => Some(json!({"last": last})),
        _ => None,
    }
}

fn reference(text: &str) -> Value {
    match text.split_once("..") {
        Some((start, end)) => json!({"start": start, "end": end}),
        None => json!({"dataset": text}),
    }
}
