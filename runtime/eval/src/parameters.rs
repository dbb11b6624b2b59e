//! Parameters checked against the plugin's JSON Schema, defaults filled in.

use jsonschema::Validator;
use serde_json::{Map, Value};

use crate::Error;

/// The parameters as JSON text, ready for the plugin: the schema's top-level
/// defaults filled in and checked.
///
/// # Errors
/// `invalid_parameters`, with the place as field.
pub(crate) fn complete(schema: &str, mut parameters: Map<String, Value>) -> Result<String, Error> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| unusable(&error.to_string()))?;
    refuse_unknown(&schema, &parameters)?;
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            if let Some(default) = property.get("default")
                && !parameters.contains_key(name)
            {
                parameters.insert(name.clone(), default.clone());
            }
        }
    }
    parameters.sort_keys();
    let parameters = Value::Object(parameters);
    let validator = Validator::new(&schema).map_err(|error| unusable(&error.to_string()))?;
    match validator.iter_errors(&parameters).next() {
        None => Ok(parameters.to_string()),
        Some(error) => {
            let place = error.instance_path().as_str().replace('/', ".");
            let message = format!("{error}: see the plugin's page for what it takes");
            Err(Error::invalid("invalid_parameters", format!("parameters{place}"), message))
        }
    }
}

/// A misspelt parameter must not be ignored, even when the schema forgot to say so.
fn refuse_unknown(schema: &Value, parameters: &Map<String, Value>) -> Result<(), Error> {
    let open = ["additionalProperties", "patternProperties", "$ref", "allOf", "anyOf", "oneOf"];
    if open.iter().any(|key| schema.get(key).is_some_and(|value| value != &Value::Bool(false))) {
        return Ok(());
    }
    let known = schema.get("properties").and_then(Value::as_object);
    let is_known = |name: &str| known.is_some_and(|properties| properties.contains_key(name));
    match parameters.keys().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => {
            let names: Vec<_> = known.into_iter().flat_map(Map::keys).map(|name| format!("`{name}`")).collect();
            let choice =
                if names.is_empty() { "it takes none".into() } else { format!("it takes {}", names.join(", ")) };
            let message = format!("the plugin has no parameter `{name}`: {choice}");
            Err(Error::invalid("invalid_parameters", format!("parameters.{name}"), message))
        }
    }
}

fn unusable(reason: &str) -> Error {
    Error::invalid("invalid_parameters", "plugin", format!("the plugin's parameter schema can't be used: {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fills_defaults_and_names_what_is_wrong() {
        let schema = json!({"type": "object", "required": ["k"], "properties": {
            "bins": {"type": "integer", "minimum": 2, "default": 10}, "k": {"type": "number"}}});
        for (given, expected) in [
            (json!({"k": 1}), Ok(r#"{"bins":10,"k":1}"#)),
            (json!({"k": 1, "bins": 3}), Ok(r#"{"bins":3,"k":1}"#)),
            (json!({}), Err("parameters")),
            (json!({"k": "x"}), Err("parameters.k")),
            (json!({"k": 1, "bins": 1}), Err("parameters.bins")),
            (json!({"k": 1, "bin": 1}), Err("parameters.bin")),
        ] {
            let given = given.as_object().expect("object").clone();
            match (complete(&schema.to_string(), given), expected) {
                (Ok(text), Ok(expected)) => assert_eq!(text, expected),
                (Err(Error::Invalid { field, .. }), Err(expected)) => assert_eq!(field, expected),
                (got, expected) => panic!("{got:?} is not {expected:?}"),
            }
        }
    }
}
