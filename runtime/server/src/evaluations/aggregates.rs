//! The numbers of an evaluation as aggregates of its model.

use driftline_core::Window;
use driftline_storage::{Aggregate, Source};
use serde_json::{Map, Value, json};

use crate::wire::{Drift, DriftedShare, Evaluation, WindowBounds};

/// One aggregate for each value, window, slice and set of columns; and for each window and slice how many columns have
/// drifted.
pub fn aggregates(evaluation: &Evaluation) -> Vec<Aggregate> {
    let plugin = plugin(evaluation);
    let mut aggregates = Vec::new();
    for result in evaluation.results.iter().flatten() {
        for value in &result.values {
            let labels = json!({
                "plugin": plugin,
                "inputs": result.inputs,
                "rows": result.rows.used,
                "standard_error": value.standard_error,
                "note": value.note,
            });
            let number = (value.name.as_str(), value.value);
            aggregates.extend(aggregate(evaluation, &result.window, &result.slice, number, &labels));
        }
    }
    if let Some(drift) = &evaluation.drift {
        let labels = drift_labels(&plugin, drift);
        for share in &drift.windows {
            let kept = |number| aggregate(evaluation, &share.window, &share.slice, number, &labels);
            aggregates.extend(drift_numbers(share).into_iter().filter_map(kept));
        }
    }
    aggregates
}

fn plugin(evaluation: &Evaluation) -> String {
    format!("{}@{}", evaluation.plugin.name, evaluation.plugin.version)
}

fn drift_labels(plugin: &str, drift: &Drift) -> Value {
    json!({
        "plugin": plugin,
        "output": drift.output,
        "threshold": drift.threshold,
        "correction": drift.correction,
        "share": drift.share,
    })
}

fn drift_numbers(share: &DriftedShare) -> [(&'static str, Option<f64>); 4] {
    [
        ("drifted_share", share.drifted_share),
        ("drifted_columns", Some(share.drifted_columns as f64)),
        ("tested_columns", Some(share.tested_columns as f64)),
        ("dataset_drift", share.dataset_drift.map(|drifted| f64::from(u8::from(drifted)))),
    ]
}

fn aggregate(
    evaluation: &Evaluation,
    window: &WindowBounds,
    slice: &Map<String, Value>,
    (name, value): (&str, Option<f64>),
    labels: &Value,
) -> Option<Aggregate> {
    Some(Aggregate {
        window: Window::new(window.start.0, window.end.0).ok()?,
        name: name.into(),
        value,
        slice: Value::Object(slice.clone()).to_string(),
        source: Source::Evaluation,
        evaluation: Some(evaluation.id.0),
        labels: labels.to_string(),
        created: evaluation.finished.unwrap_or(evaluation.created).0,
    })
}
