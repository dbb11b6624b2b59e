//! What scikit-learn, SciPy and NumPy say of each week.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::harness::Server;

const COLUMNS: [&str; 2] = ["probability", "distance"];

/// The content of `flights_expected.json`.
pub struct Expected(Value);

impl Expected {
    /// Reads it.
    pub fn open(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("flights_expected.json")).expect("the expected numbers");
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    /// Evaluates every week and compares.
    pub async fn check(&self, server: &Server, when: &str) {
        let auc = self.evaluate(server, "roc-auc", json!({"score": "probability", "label": "late"}), false).await;
        let ks = self.evaluate(server, "ks", json!({"value": COLUMNS}), true).await;
        let psi = self.evaluate(server, "psi", json!({"value": COLUMNS}), true).await;
        let weeks = self.0["windows"].as_array().expect("windows");
        assert_eq!(auc["results"].as_array().map(Vec::len), Some(weeks.len()), "{when}");
        for week in weeks {
            let place = format!("{when}, week of {}", week["start"]);
            let result = result_of(&auc, week, "score", "probability");
            assert_eq!(result["rows"], json!({"read": week["rows"], "used": week["rows"], "missing": 0}), "{place}");
            near(&place, value(result, "roc_auc"), &week["roc_auc"], 1e-12);
            for column in COLUMNS {
                let place = format!("{place}, {column}");
                let test = &week[format!("ks_{column}")];
                let result = result_of(&ks, week, "value", column);
                near(&place, value(result, "statistic"), &test["statistic"], 1e-12);
                near(&place, value(result, "p_value"), &test["pvalue_asymp"], 1e-9);
                let result = result_of(&psi, week, "value", column);
                near(&place, value(result, "psi"), &week[format!("psi_{column}")], 1e-9);
            }
        }
    }

    async fn evaluate(&self, server: &Server, plugin: &str, inputs: Value, compares: bool) -> Value {
        let weeks = self.0["windows"].as_array().expect("windows");
        let (first, last) = (&weeks[0], &weeks[weeks.len() - 1]);
        let mut request = json!({
            "model": "flights", "plugin": plugin, "inputs": inputs,
            "window": {"start": first["start"], "end": last["end"]}, "every": "7d", "wait": "10m",
        });
        if compares {
            request["reference"] = json!({"start": self.0["reference"]["start"], "end": self.0["reference"]["end"]});
        }
        server.evaluate(&request).await
    }
}

fn result_of<'a>(answer: &'a Value, week: &Value, input: &str, column: &str) -> &'a Value {
    let results = answer["results"].as_array().expect("results");
    let fits = |result: &&Value| result["window"]["start"] == week["start"] && result["inputs"][input] == column;
    results.iter().find(fits).unwrap_or_else(|| panic!("no result for {column} in {}", week["start"]))
}

fn value(result: &Value, name: &str) -> f64 {
    let values = result["values"].as_array().expect("values");
    let value = values.iter().find(|value| value["name"] == name).unwrap_or_else(|| panic!("no {name} in {result}"));
    value["value"].as_f64().unwrap_or_else(|| panic!("{name} is undefined: {result}"))
}

/// Checks a number to a relative tolerance.
fn near(place: &str, got: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().expect("a number");
    let error = (got - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
    assert!(error <= tolerance, "{place}: got {got:e}, expected {expected:e}, off by {error:e}");
}
