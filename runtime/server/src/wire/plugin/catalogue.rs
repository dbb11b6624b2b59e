//! A plugin as a line of a catalogue: its group, what it is for, how to ask for it.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// What kind of question a plugin answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginGroup {
    /// Do the data differ from a reference? It can't do without one.
    Drift,
    /// How good is the model? It reads a score, a prediction or the truth.
    Quality,
    /// What are the data like? Everything else.
    Data,
}

/// The names under which plugins read what a model says and what turned out to be true.
const OF_QUALITY: [&str; 6] = ["score", "scores", "prediction", "label", "target", "relevance"];

impl PluginGroup {
    /// The group of a plugin with this description.
    pub fn of(description: &Value) -> Self {
        let reads_quality = inputs(description).any(|input| OF_QUALITY.contains(&text(&input["name"])));
        match text(&description["reference"]) {
            "required" => Self::Drift,
            _ if reads_quality => Self::Quality,
            _ => Self::Data,
        }
    }
}

/// What a plugin is for: its documentation up to the first pause.
pub fn purpose(description: &Value) -> String {
    let doc = text(&description["doc"]);
    let pause = [". ", ": ", "; ", "\n"].iter().filter_map(|pause| doc.find(pause)).min();
    let line = pause.and_then(|at| doc.get(..at)).unwrap_or(doc);
    line.trim_end_matches('.').to_owned()
}

/// A request that would run it, on columns called like its inputs. A plugin that
/// compares one column with a reference is shown on all columns.
pub fn example(name: &str, description: &Value) -> Value {
    let required: Vec<&Value> = inputs(description).filter(|input| input["optional"] != true).collect();
    let is_drift = PluginGroup::of(description) == PluginGroup::Drift;
    let column = |input: &Value| match (input["repeated"] == true, &required[..]) {
        (true, _) => json!([format!("{}_1", text(&input["name"])), format!("{}_2", text(&input["name"]))]),
        (false, [_]) if is_drift => json!("*"),
        (false, _) => input["name"].clone(),
    };
    let inputs: Map<String, Value> =
        required.iter().map(|input| (text(&input["name"]).to_owned(), column(input))).collect();
    let mut request = json!({"model": "MODEL", "plugin": name, "inputs": inputs, "window": {"last": "7d"}});
    if is_drift {
        request["reference"] = json!({"dataset": "training"});
    }
    request
}

fn inputs(description: &Value) -> impl Iterator<Item = &Value> {
    description["inputs"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_makes_a_line_and_a_request() {
        let input = |name: &str| json!({"name": name, "optional": name == "weight", "repeated": name == "scores"});
        for (doc, reference, names, group, line, bound) in [
            (
                "Stability: a sum. More.",
                "required",
                vec!["value"],
                PluginGroup::Drift,
                "Stability",
                json!({"value": "*"}),
            ),
            (
                "Area under a curve.",
                "none",
                vec!["score", "label", "weight"],
                PluginGroup::Quality,
                "Area under a curve",
                json!({"score": "score", "label": "label"}),
            ),
            (
                "",
                "required",
                vec!["scores", "label"],
                PluginGroup::Drift,
                "",
                json!({"scores": ["scores_1", "scores_2"], "label": "label"}),
            ),
            ("What is there", "optional", vec!["value"], PluginGroup::Data, "What is there", json!({"value": "value"})),
        ] {
            let inputs: Vec<Value> = names.iter().map(|name| input(name)).collect();
            let description = json!({"doc": doc, "reference": reference, "inputs": inputs});
            assert_eq!((PluginGroup::of(&description), purpose(&description).as_str()), (group, line));
            let request = example("p", &description);
            assert_eq!(request["inputs"], bound);
            assert_eq!(request.get("reference").is_some(), reference == "required");
        }
    }
}
