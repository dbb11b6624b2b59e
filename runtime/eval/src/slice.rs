//! A slice's values as text, beside a kept state.

use serde_json::{Value, json};

use crate::outcome::SliceValue;

/// The values as a JSON list; numbers that JSON has not are objects.
pub(crate) fn to_text(values: &[SliceValue]) -> String {
    let cell = |value: &SliceValue| match value {
        SliceValue::Null => Value::Null,
        SliceValue::Boolean(value) => json!(value),
        SliceValue::Integer(value) => json!(value),
        SliceValue::Float(value) if value.is_finite() => json!(value),
        SliceValue::Float(value) => json!({ "float": value.to_string() }),
        SliceValue::Text(value) => json!(value),
    };
    values.iter().map(cell).collect::<Value>().to_string()
}

/// The values of a text; `None` when it is none of ours.
pub(crate) fn from_text(text: &str) -> Option<Vec<SliceValue>> {
    let cell = |value: &Value| {
        Some(match value {
            Value::Null => SliceValue::Null,
            Value::Bool(value) => SliceValue::Boolean(*value),
            Value::Number(number) => match number.as_i64() {
                Some(value) => SliceValue::Integer(value),
                None => SliceValue::Float(number.as_f64()?),
            },
            Value::String(value) => SliceValue::Text(value.clone()),
            Value::Object(odd) => SliceValue::Float(odd.get("float")?.as_str()?.parse().ok()?),
            Value::Array(_) => return None,
        })
    };
    serde_json::from_str::<Value>(text).ok()?.as_array()?.iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_their_types() {
        let values = vec![
            SliceValue::Null,
            SliceValue::Boolean(true),
            SliceValue::Integer(i64::MIN),
            SliceValue::Float(2.0),
            SliceValue::Float(0.1 + 0.2),
            SliceValue::Float(f64::NEG_INFINITY),
            SliceValue::Text("é \"quoted\"".into()),
        ];
        assert_eq!(from_text(&to_text(&values)), Some(values));
        assert!(
            matches!(from_text(&to_text(&[SliceValue::Float(f64::NAN)])).as_deref(), Some([SliceValue::Float(x)]) if x.is_nan())
        );
        assert_eq!(from_text("{}"), None);
    }
}
