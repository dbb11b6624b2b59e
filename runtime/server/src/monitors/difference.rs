//! What differs between two definitions, field by field.

use serde_json::Value;

use crate::wire::FieldChange;

/// Every field that differs, in the order of the fields.
pub fn differences(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare("", Some(before), Some(after), &mut changes);
    changes
}

fn compare(field: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let member = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
            for (name, value) in before {
                compare(&member(name), Some(value), after.get(name), changes);
            }
            for (name, value) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
                compare(&member(name), None, Some(value), changes);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for at in 0..before.len().max(after.len()) {
                compare(&format!("{field}[{at}]"), before.get(at), after.get(at), changes);
            }
        }
        (before, after) if before == after => {}
        (before, after) => {
            let change = FieldChange { field: field.to_owned(), before: before.cloned(), after: after.cloned() };
            changes.push(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_name_their_fields() {
        let before =
            json!({"delay": "1h", "tags": ["a", "b"], "window": {"last": "7d"}, "where": "x", "same": [1, {"a": 2}]});
        let after =
            json!({"delay": "2h", "tags": ["a"], "window": {"last": "7d"}, "min_rows": 5, "same": [1, {"a": 2}]});
        let found: Vec<_> = differences(&before, &after).into_iter().map(|c| (c.field, c.before, c.after)).collect();
        let expected = vec![
            ("delay".to_owned(), Some(json!("1h")), Some(json!("2h"))),
            ("tags[1]".to_owned(), Some(json!("b")), None),
            ("where".to_owned(), Some(json!("x")), None),
            ("min_rows".to_owned(), None, Some(json!(5))),
        ];
        assert_eq!(found, expected);
        assert!(differences(&before, &before).is_empty());
    }
}
