//! A plugin's parameters, from their JSON Schema.

use serde_json::Value;

use super::super::text;
use crate::cli::{output::say, table::table};

/// Prints a line for each parameter.
///
/// # Errors
/// When nobody reads any more.
pub fn print(schema: &Value) -> anyhow::Result<()> {
    let properties: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
    if properties.is_empty() {
        return say("It has no parameters.");
    }
    let mut lines = table(&["parameter", "default", "values", "what it does"]);
    for (name, property) in properties {
        let default = match property.get("default") {
            Some(default) => default.to_string(),
            None if is_required(schema, name) => "required".into(),
            None => String::new(),
        };
        let doc = text(&property["description"]).replace('\n', " ");
        lines.add_row([name.as_str(), &default, &values(schema, property), &doc]);
    }
    say(lines)
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().into_iter().flatten().any(|required| required == name)
}

/// What a value may be, in words.
fn values(schema: &Value, property: &Value) -> String {
    if let Some(target) = property["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        return schema.pointer(target).map(|target| values(schema, target)).unwrap_or_default();
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(choices) = property[key].as_array() {
            let choices: Vec<_> = choices.iter().map(|choice| values(schema, choice)).collect();
            return choices.join(" or ");
        }
    }
    if let Some(constant) = property.get("const") {
        return constant.to_string();
    }
    if let Some(choices) = property["enum"].as_array() {
        return choices.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    }
    let types: Vec<&str> = match &property["type"] {
        Value::Array(types) => types.iter().map(text).collect(),
        single => vec![text(single)],
    };
    [types.join(" or "), bounds(property)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn bounds(property: &Value) -> String {
    let words =
        [("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"), ("exclusiveMaximum", "below")];
    let bound = |(key, word): &(&str, &str)| property.get(*key).map(|bound| format!("{word} {bound}"));
    words.iter().filter_map(bound).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_says_what_a_value_may_be() {
        let schema = json!({"$defs": {"Mode": {"enum": ["a", "b"]}}});
        for (property, words) in [
            (json!({"type": "integer", "minimum": 2, "maximum": 10}), "integer, at least 2, at most 10"),
            (json!({"type": ["number", "null"], "exclusiveMinimum": 0}), "number or null, above 0"),
            (json!({"$ref": "#/$defs/Mode"}), "\"a\" or \"b\""),
            (json!({"anyOf": [{"$ref": "#/$defs/Mode"}, {"type": "null"}]}), "\"a\" or \"b\" or null"),
            (json!({"oneOf": [{"const": "x"}, {"const": 1}]}), "\"x\" or 1"),
            (json!({}), ""),
        ] {
            assert_eq!(values(&schema, &property), words);
        }
    }
}
