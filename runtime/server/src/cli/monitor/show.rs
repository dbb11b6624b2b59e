//! `driftline monitor show`.

use serde_json::Value;

use crate::cli::{output::say, table::table};

/// One line a field.
pub fn print(monitor: &Value) -> anyhow::Result<()> {
    let mut lines = table(&["field", "value"]);
    for (field, value) in monitor.as_object().into_iter().flatten() {
        match value {
            Value::Array(values) => {
                for (at, value) in values.iter().enumerate() {
                    lines.add_row([format!("{field}[{at}]"), said(value)]);
                }
            }
            value => {
                lines.add_row([field.clone(), said(value)]);
            }
        }
    }
    say(lines)
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
