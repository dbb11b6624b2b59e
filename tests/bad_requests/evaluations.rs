//! Evaluations: each field of the request.

use reqwest::Method;
use serde_json::{Value, json};

use super::Bad;

const EVALUATIONS: &str = "/v1/evaluations";

/// A good request with some fields replaced; a null takes the field out.
fn changed(changes: Value, status: u16, code: &'static str, field: &'static str) -> Bad {
    let mut request = json!({
        "model": "known", "plugin": "roc-auc", "inputs": {"score": "score", "label": "label"},
        "window": {"start": 0, "end": 100_000},
    });
    let object = request.as_object_mut().expect("an object");
    for (key, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => object.remove(key),
            value => object.insert(key.clone(), value.clone()),
        };
    }
    Bad::json(Method::POST, EVALUATIONS, request, (status, code, field))
}

/// All of them.
pub fn cases() -> Vec<Bad> {
    [names(), inputs(), windows(), rest(), drift()].into_iter().flatten().collect()
}

fn names() -> Vec<Bad> {
    let digest = format!("sha256:{}", "0".repeat(64));
    vec![
        changed(json!({"model": null}), 422, "missing_field", "model"),
        changed(json!({"model": 7}), 422, "invalid_field", "model"),
        changed(json!({"model": "no name"}), 422, "invalid_field", "model"),
        changed(json!({"model": "nobody"}), 404, "model_not_found", "model"),
        changed(json!({"plugin": null}), 422, "missing_field", "plugin"),
        changed(json!({"plugin": 7}), 422, "invalid_field", "plugin"),
        changed(json!({"plugin": "no-such-plugin"}), 404, "plugin_not_found", "plugin"),
        changed(json!({"plugin": "roc-auc@99.0.0"}), 404, "plugin_not_found", "plugin"),
        changed(json!({"plugin": digest}), 404, "plugin_not_found", "plugin"),
        changed(json!({"plugin": "sha256:12"}), 422, "invalid_plugin", "plugin"),
        changed(json!({"plugin": "roc auc"}), 422, "invalid_plugin", "plugin"),
    ]
}

fn inputs() -> Vec<Bad> {
    let bad = |inputs: Value, code, field| changed(json!({"inputs": inputs}), 422, code, field);
    vec![
        changed(json!({"inputs": null}), 422, "missing_input", "inputs.score"),
        bad(json!({"score": "score"}), "missing_input", "inputs.label"),
        bad(json!({"score": [], "label": "label"}), "missing_input", "inputs.score"),
        bad(json!({"score": "score", "label": "label", "colour": "place"}), "unknown_input", "inputs.colour"),
        bad(json!({"score": 4, "label": "label"}), "invalid_field", "inputs.score"),
        bad(json!({"score": ["score", 4], "label": "label"}), "invalid_field", "inputs.score[1]"),
        bad(json!(["score", "label"]), "invalid_field", "inputs"),
        bad(json!({"score": "scoer", "label": "label"}), "unknown_column", "inputs.score"),
        bad(json!({"score": "score +", "label": "label"}), "invalid_expression", "inputs.score"),
        bad(json!({"score": "", "label": "label"}), "invalid_expression", "inputs.score"),
        bad(json!({"score": "avg(score)", "label": "label"}), "expression_not_scalar", "inputs.score"),
        bad(json!({"score": "random()", "label": "label"}), "expression_not_scalar", "inputs.score"),
        bad(json!({"score": "no_function(score)", "label": "label"}), "expression_type_mismatch", "inputs.score"),
        bad(json!({"score": "place", "label": "label"}), "input_kind_mismatch", "inputs.score"),
        bad(json!({"score": "embedding", "label": "label"}), "input_kind_mismatch", "inputs.score"),
        bad(
            json!({"score": ["score", "count"], "label": ["label", "flag", "label"]}),
            "column_lists_differ",
            "inputs.label",
        ),
        bad(json!({"score": "*", "label": ["label", "flag"]}), "star_twice", "inputs.label"),
        bad(json!({"score": "*", "label": "*"}), "star_twice", "inputs.label"),
        bad(json!({"score": "*", "lable": "label"}), "unknown_input", "inputs.lable"),
        bad(json!({"score": "* + 1", "label": "label"}), "invalid_expression", "inputs.score"),
        changed(
            json!({"inputs": {"score": "*", "label": "label"},
                "group_by": ["score", "count", "flag", "input.age"]}),
            422,
            "no_fitting_column",
            "inputs.score",
        ),
    ]
}

fn drift() -> Vec<Bad> {
    let bad = |drift: Value, code, field| {
        let changes = json!({
            "plugin": "ks", "inputs": {"value": ["score", "count"]}, "drift": drift,
            "reference": {"start": 0, "end": 100_000},
        });
        changed(changes, 422, code, field)
    };
    vec![
        bad(json!("yes"), "invalid_field", "drift"),
        bad(json!({"outputs": "p_value"}), "unknown_field", "drift.outputs"),
        bad(json!({"output": "p"}), "unknown_drift_output", "drift.output"),
        bad(json!({"output": "location"}), "drift_output_undirected", "drift.output"),
        bad(json!({"output": "statistic"}), "drift_threshold_required", "drift.threshold"),
        bad(json!({"threshold": "low"}), "invalid_field", "drift.threshold"),
        bad(json!({"share": 0}), "invalid_drift", "drift.share"),
        bad(json!({"share": 1.1}), "invalid_drift", "drift.share"),
        bad(json!({"correction": "holm"}), "invalid_field", "drift.correction"),
        bad(
            json!({"output": "statistic", "threshold": 0.1, "correction": "bonferroni"}),
            "correction_not_for_output",
            "drift.correction",
        ),
        changed(json!({"drift": {}}), 422, "drift_without_reference", "drift"),
    ]
}

fn windows() -> Vec<Bad> {
    let bad = |window: Value, status, code, field| changed(json!({"window": window}), status, code, field);
    vec![
        changed(json!({"window": null}), 422, "missing_field", "window"),
        bad(json!({}), 422, "invalid_field", "window"),
        bad(json!("last week"), 422, "invalid_field", "window"),
        bad(json!({"start": 0}), 422, "missing_field", "window.end"),
        bad(json!({"end": 0}), 422, "missing_field", "window.start"),
        bad(json!({"start": 5, "end": 5}), 422, "invalid_window", "window"),
        bad(json!({"start": 9, "end": 5}), 422, "invalid_window", "window"),
        bad(json!({"start": "soon", "end": 5}), 422, "invalid_field", "window.start"),
        bad(json!({"start": 0, "end": 1.5}), 422, "invalid_field", "window.end"),
        bad(json!({"start": 0, "stop": 5}), 422, "unknown_field", "window.stop"),
        bad(json!({"last": "7 days"}), 422, "invalid_field", "window.last"),
        bad(json!({"last": "7d", "start": 0}), 422, "invalid_field", "window"),
        changed(json!({"every": "fortnight"}), 422, "invalid_field", "every"),
        changed(json!({"every": "0d"}), 422, "invalid_field", "every"),
        changed(json!({"every": 7}), 422, "invalid_field", "every"),
        changed(json!({"every": "1ms"}), 422, "too_many_periods", "every"),
    ]
}

fn rest() -> Vec<Bad> {
    let psi = |mut changes: Value, status, code, field| {
        changes["plugin"] = json!("psi");
        changes["inputs"] = json!({"value": "score"});
        changed(changes, status, code, field)
    };
    let window = json!({"start": 0, "end": 100_000});
    vec![
        psi(json!({}), 422, "reference_required", "reference"),
        psi(json!({"reference": {}}), 422, "invalid_field", "reference"),
        psi(json!({"reference": {"start": 0}}), 422, "missing_field", "reference.end"),
        psi(json!({"reference": "january"}), 422, "invalid_field", "reference"),
        psi(json!({"reference": {"start": 9, "end": 5}}), 422, "invalid_window", "reference"),
        psi(json!({"reference": {"dataset": "holdout"}}), 404, "dataset_not_found", "reference.dataset"),
        psi(json!({"reference": {"dataset": "training", "start": 0}}), 422, "invalid_field", "reference"),
        psi(json!({"reference": {"dataset": "training"}, "where": "count > 1"}), 422, "unknown_column", "where"),
        psi(json!({"reference": window, "parameters": {"bins": "ten"}}), 422, "invalid_parameters", "parameters.bins"),
        psi(json!({"reference": window, "parameters": {"bins": 1}}), 422, "invalid_parameters", "parameters.bins"),
        psi(json!({"reference": window, "parameters": {"bin": 10}}), 422, "invalid_parameters", "parameters.bin"),
        psi(json!({"reference": window, "parameters": [1]}), 422, "invalid_field", "parameters"),
        changed(json!({"reference": window}), 422, "reference_not_taken", "reference"),
        changed(json!({"where": "score"}), 422, "filter_not_boolean", "where"),
        changed(json!({"where": "score >"}), 422, "invalid_expression", "where"),
        changed(json!({"where": "1 = 1; DROP TABLE predictions"}), 422, "invalid_expression", "where"),
        changed(json!({"where": "scoer > 1"}), 422, "unknown_column", "where"),
        changed(json!({"where": "count(*) > 1"}), 422, "expression_not_scalar", "where"),
        changed(json!({"where": 5}), 422, "invalid_field", "where"),
        changed(json!({"group_by": "place"}), 422, "invalid_field", "group_by"),
        changed(json!({"group_by": ["plaec"]}), 422, "unknown_column", "group_by[0]"),
        changed(json!({"group_by": ["place", "place"]}), 422, "duplicate_group", "group_by[1]"),
        changed(json!({"group_by": ["embedding"]}), 422, "expression_type_mismatch", "group_by[0]"),
        changed(json!({"wait": "a while"}), 422, "invalid_field", "wait"),
        changed(json!({"wait": -1}), 422, "invalid_field", "wait"),
        changed(json!({"record": "no"}), 422, "invalid_field", "record"),
        changed(json!({"filter": "score > 1"}), 422, "unknown_field", "filter"),
        Bad::json(Method::POST, EVALUATIONS, "[]", (422, "invalid_field", "")),
        Bad::json(Method::POST, EVALUATIONS, "{", (400, "invalid_json", "")),
        Bad::json(Method::POST, EVALUATIONS, "", (400, "invalid_json", "")),
        Bad::bytes(
            Method::POST,
            EVALUATIONS,
            "text/plain",
            b"{}".to_vec(),
            (415, "unsupported_media_type", "content-type"),
        ),
        Bad::json(Method::GET, "/v1/evaluations/seven", "", (400, "invalid_path", "id")),
        Bad::json(
            Method::GET,
            "/v1/evaluations/00000000-0000-4000-8000-000000000000",
            "",
            (404, "evaluation_not_found", "id"),
        ),
    ]
}
