//! A list of columns as JSON text: `[["age","integer"],…]`.

use driftline_core::{ColumnType, Schema};
use serde_json::Value;

/// The text for `schema`.
pub(crate) fn to_text(schema: &Schema) -> String {
    let pairs = schema.columns().iter();
    Value::from_iter(pairs.map(|column| Value::from(vec![column.name.as_str(), column.column_type.as_str()])))
        .to_string()
}

/// The schema of a text; entries that make no sense are left out.
pub(crate) fn from_text(text: &str) -> Schema {
    let mut schema = Schema::default();
    let pairs = serde_json::from_str(text).unwrap_or(Value::Null);
    for pair in pairs.as_array().into_iter().flatten() {
        let word = |index: usize| pair.get(index).and_then(Value::as_str);
        if let (Some(name), Some(held)) = (word(0), word(1).and_then(ColumnType::from_word)) {
            let _odd = schema.admit(name, held);
        }
    }
    schema
}
