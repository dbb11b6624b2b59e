//! Parameters to check laws with: the schema's defaults, or its examples where there is no default.

use serde_json::{Map, Value};

/// The parameters as JSON text.
///
/// # Errors
/// Why there are none.
pub(super) fn given(schema: &str) -> Result<String, String> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| format!("the parameters' schema: {error}"))?;
    let mut parameters = match schema.get("examples").and_then(|examples| examples.get(0)) {
        Some(Value::Object(example)) => example.clone(),
        _ => Map::new(),
    };
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    for (name, property) in properties {
        if let Some(default) = property.get("default")
            && !parameters.contains_key(name)
        {
            parameters.insert(name.clone(), default.clone());
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for name in required {
        if parameters.contains_key(name) {
            continue;
        }
        let property = properties.get(name);
        let example = property.and_then(|property| {
            property.get("example").or_else(|| property.get("examples").and_then(|examples| examples.get(0)))
        });
        let example = example.ok_or_else(|| {
            format!("parameter `{name}` has neither a default nor an example: give its schema `\"examples\": […]`")
        })?;
        parameters.insert(name.to_owned(), example.clone());
    }
    parameters.sort_keys();
    Ok(Value::Object(parameters).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_come_before_examples_and_what_is_missing_is_named() {
        for (schema, expected) in [
            (r#"{"type": "object"}"#, Ok("{}")),
            (r#"{"properties": {"b": {"default": 1}, "a": {"default": null}}}"#, Ok(r#"{"a":null,"b":1}"#)),
            (r#"{"properties": {"a": {"examples": [3, 4]}, "b": {}}, "required": ["a"]}"#, Ok(r#"{"a":3}"#)),
            (r#"{"properties": {"a": {"example": "x"}}, "required": ["a"]}"#, Ok(r#"{"a":"x"}"#)),
            (r#"{"properties": {"a": {}}, "required": ["a"], "examples": [{"a": 2}]}"#, Ok(r#"{"a":2}"#)),
            (r#"{"properties": {"a": {}}, "required": ["a"]}"#, Err("`a`")),
        ] {
            match (given(schema), expected) {
                (Ok(parameters), Ok(expected)) => assert_eq!(parameters, expected),
                (Err(reason), Err(word)) => assert!(reason.contains(word), "{reason}"),
                (got, expected) => panic!("{schema}: {got:?} is not {expected:?}"),
            }
        }
    }
}
