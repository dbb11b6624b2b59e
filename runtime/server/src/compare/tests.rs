//! Every kind of difference, and that what is equal is none.

use serde_json::{Value as Json, json};

use super::compare;
use crate::wire::{ComparisonStatus, Evaluation};

fn value(name: &str, number: Json) -> Json {
    json!({"name": name, "value": number, "standard_error": null, "note": null})
}

fn result(day: u32, changes: Json) -> Json {
    let (start, end) = (format!("2024-01-0{day}T00:00:00Z"), format!("2024-01-0{}T00:00:00Z", day + 1));
    let mut result = json!({
        "window": {"start": start, "end": end}, "inputs": {"score": "p"},
        "rows": {"read": 10, "used": 9, "missing": 1}, "values": [value("auc", json!(0.5))], "charts": [],
    });
    changes.as_object().into_iter().flatten().for_each(|(key, value)| result[key] = value.clone());
    result
}

fn chart(y: Json, label: &str) -> Json {
    json!([{"name": "roc", "x_label": label, "y_label": "y", "kind": "line",
        "series": [{"name": "s", "x": [0.0, 0.5, 1.0], "y": y}]}])
}

fn evaluation(status: &str, results: Json) -> Evaluation {
    let evaluation = json!({
        "id": "00000000-0000-4000-8000-000000000001", "status": status, "model": "m",
        "plugin": {"name": "p", "version": "1.0.0", "digest": "sha256:00"}, "created": "2024-01-01T00:00:00Z",
        "results": results,
        "lineage": {"segments": 1, "unsealed_rows": 0, "data": "sha256:11", "parameters": {}, "runtime": "r"},
    });
    serde_json::from_value(evaluation).expect("an evaluation")
}

/// Kind, name, absolute and relative difference of each.
fn found(base: Json, other: Json, tolerance: f64) -> Vec<(String, String, Option<f64>, Option<f64>)> {
    let (base, other) = (evaluation("succeeded", json!([base])), evaluation("succeeded", json!([other])));
    let comparison = compare(&base, &other, tolerance);
    let equal = comparison.differences.is_empty();
    assert_eq!(comparison.status == ComparisonStatus::Equal, equal);
    assert_eq!(comparison.same_data, Some(true));
    let line = |d: crate::wire::Difference| (d.kind.as_str().to_owned(), d.name, d.absolute, d.relative);
    comparison.differences.into_iter().map(line).collect()
}

/// Kind, name, absolute and relative difference.
type Line<'a> = (&'a str, &'a str, Option<f64>, Option<f64>);

#[test]
fn every_kind_of_difference_is_found() {
    let plain = || result(1, json!({}));
    let with = |changes: Json| result(1, changes);
    let values = |values: Json| with(json!({ "values": values }));
    let noted = |note: &str| json!([{"name": "auc", "value": 0.5, "standard_error": 0.1, "note": note}]);
    let failed = with(json!({"values": [], "failure": {"code": "plugin_trap", "message": "m"}}));
    let table: Vec<(Json, Json, &[Line<'_>])> = vec![
        (plain(), plain(), &[]),
        (plain(), values(json!([value("auc", json!(0.75))])), &[("value", "auc", Some(0.25), Some(0.5))]),
        (
            values(json!([value("a", json!(0.0))])),
            values(json!([value("a", json!(2.0))])),
            &[("value", "a", Some(2.0), None)],
        ),
        (
            values(json!([value("a", json!(-4.0))])),
            values(json!([value("a", json!(-6.0))])),
            &[("value", "a", Some(-2.0), Some(-0.5))],
        ),
        (plain(), values(json!([value("auc", json!(null))])), &[("undefined", "auc", None, None)]),
        (
            plain(),
            values(json!([value("gini", json!(1.0))])),
            &[("only_in_base", "auc", None, None), ("only_in_other", "gini", None, None)],
        ),
        (
            plain(),
            values(json!([noted("n")[0]])),
            &[("note", "auc", None, None), ("standard_error", "auc", None, None)],
        ),
        (with(json!({ "values": noted("a") })), with(json!({ "values": noted("b") })), &[("note", "auc", None, None)]),
        (
            plain(),
            with(json!({"rows": {"read": 10, "used": 10, "missing": 0}})),
            &[("rows", "rows.used", Some(1.0), Some(1.0 / 9.0)), ("rows", "rows.missing", Some(-1.0), Some(-1.0))],
        ),
        (plain(), failed, &[("failure", "failure", None, None), ("only_in_base", "auc", None, None)]),
        (
            plain(),
            result(2, json!({})),
            &[("only_in_base", "result", None, None), ("only_in_other", "result", None, None)],
        ),
        (
            plain(),
            with(json!({"slice": {"g": 1}})),
            &[("only_in_base", "result", None, None), ("only_in_other", "result", None, None)],
        ),
        (
            plain(),
            with(json!({"charts": chart(json!([0.0, 0.5, 1.0]), "x")})),
            &[("only_in_other", "chart roc", None, None)],
        ),
        (
            with(json!({"charts": chart(json!([0.0, 0.5, 1.0]), "x")})),
            with(json!({"charts": chart(json!([0.0, 0.75, null]), "x")})),
            &[("chart", "roc", None, None)],
        ),
        (
            with(json!({"charts": chart(json!([0.0, 0.5, 1.0]), "x")})),
            with(json!({"charts": chart(json!([0.0, 0.5, 1.0]), "threshold")})),
            &[("chart", "roc", None, None)],
        ),
    ];
    for (base, other, expected) in table {
        let found = found(base.clone(), other.clone(), 0.0);
        let found: Vec<_> = found.iter().map(|(kind, name, a, r)| (kind.as_str(), name.as_str(), *a, *r)).collect();
        assert_eq!(found, expected, "{base}\n{other}");
    }
}

#[test]
fn a_tolerance_is_a_share_of_the_larger_number() {
    let of = |number: f64| result(1, json!({ "values": [value("a", json!(number))] }));
    assert_eq!(found(of(100.0), of(101.0), 0.01), []);
    assert_eq!(found(of(100.0), of(101.0), 0.009).len(), 1);
    assert_eq!(found(of(0.0), of(1e-300), 0.5).len(), 1, "nothing is a share of 0");
}

#[test]
fn a_charts_points_are_counted() {
    let with = |y: Json| evaluation("succeeded", json!([result(1, json!({"charts": chart(y, "x")}))]));
    let comparison = compare(&with(json!([0.0, 0.5, 1.0])), &with(json!([0.0, 0.75, null])), 0.0);
    let chart = comparison.differences[0].chart.expect("how it differs");
    assert_eq!((chart.points, chart.of, chart.largest), (2, 3, Some(0.25)));
}

#[test]
fn what_has_not_ended_or_has_no_results_is_not_called_equal() {
    let done = || evaluation("succeeded", json!([]));
    for (other, expected) in [
        (evaluation("running", json!(null)), ComparisonStatus::Running),
        (evaluation("cancelled", json!(null)), ComparisonStatus::Incomplete),
        (done(), ComparisonStatus::Equal),
    ] {
        assert_eq!(compare(&done(), &other, 0.0).status, expected);
    }
}
