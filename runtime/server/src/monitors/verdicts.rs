//! Verdicts beside those of NannyML, statsmodels and SciPy; `plugins/parity/verdicts.py` writes the table.

use std::collections::HashMap;

use driftline_core::{Description, Direction, Output, ReferenceUse};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::judged::{Baselines, judge, key};
use crate::wire::{MonitorDefinition, WindowResult};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    threshold: Json,
    #[serde(default)]
    range: (Option<f64>, Option<f64>),
    #[serde(default)]
    periods: Vec<f64>,
    reference: Option<f64>,
    values: Vec<f64>,
    #[serde(default)]
    errors: Vec<f64>,
    #[serde(default)]
    adjusted: Vec<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    breached: Vec<Option<bool>>,
}

fn description(range: (Option<f64>, Option<f64>)) -> Description {
    let (name, doc) = ("v".to_owned(), String::new());
    let output = Output { name, direction: Direction::Higher, range, warning: None, critical: None, doc: doc.clone() };
    Description {
        name: "p".parse().expect("a name"),
        version: "1.0.0".into(),
        doc,
        inputs: Vec::new(),
        outputs: vec![output],
        parameters: "{}".into(),
        reference: ReferenceUse::None,
        merges: true,
        tolerance: 0.0,
    }
}

/// The value of a slice.
fn result(slice: usize, value: f64, error: Option<&f64>) -> WindowResult {
    let result = json!({
        "window": {"start": "2024-01-01T00:00:00Z", "end": "2024-01-02T00:00:00Z"}, "slice": {"slice": slice},
        "inputs": {}, "rows": {"read": 9, "used": 9, "missing": 0}, "charts": [],
        "values": [{"name": "v", "value": value, "standard_error": error, "note": null}],
    });
    serde_json::from_value(result).expect("a result")
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
        (a, b) => a == b,
    }
}

#[test]
fn verdicts_are_those_of_others() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("verdicts.json")).expect("a table");
    assert!(cases.len() > 40, "{}", cases.len());
    for case in cases {
        let definition = json!({"model": "m", "plugin": "p", "window": {"last": "1d"}, "thresholds": [case.threshold]});
        let definition: MonitorDefinition = serde_json::from_value(definition).expect("a definition");
        let values = case.values.iter().enumerate();
        let results: Vec<WindowResult> = values.map(|(n, value)| result(n, *value, case.errors.get(n))).collect();
        let of = |values: Vec<f64>| HashMap::from([("v".to_owned(), values)]);
        let baselines = Baselines {
            periods: results.iter().map(|result| (key(result), of(case.periods.clone()))).collect(),
            reference: results
                .iter()
                .filter_map(|result| Some((key(result), HashMap::from([("v".to_owned(), case.reference?)]))))
                .collect(),
            previous: HashMap::new(),
        };
        let results: Vec<&WindowResult> = results.iter().collect();
        let judged = judge(&definition, &description(case.range), &results, &baselines, Uuid::nil());
        for (n, (result, breached)) in judged.iter().zip(&case.breached).enumerate() {
            let verdict = &result.judged.verdicts[0];
            let what = format!("{} {:?} {verdict:?}", case.threshold, case.values[n]);
            assert_eq!(verdict.breached, *breached, "{what}");
            assert_eq!(
                verdict.breached.is_none(),
                verdict.note.as_ref().is_some_and(|n| n.contains("`absolute`")),
                "{what}"
            );
            if case.lower.is_some() {
                assert!(near(verdict.lower, case.lower) && near(verdict.upper, case.upper), "{what}");
            }
            if let Some(adjusted) = case.adjusted.get(n) {
                assert!(near(verdict.value, Some(*adjusted)), "{what} {adjusted}");
            }
        }
        assert_eq!(judged.len(), case.breached.len());
    }
}
