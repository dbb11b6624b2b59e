//! What is expected of a case.

use std::fmt;

use anyhow::{Context, bail};
use driftline_eval::{Outcome, SliceValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const TOLERANCE: f64 = 1e-9;

/// What is expected: numbers, or a failure.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The code of the plugin's failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// The numbers of the only result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Map<String, Value>>,
    /// The results in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    results: Option<Vec<ExpectedResult>>,
    /// How far a number may be off, relative to its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tolerance: Option<f64>,
}

/// The result of one period and slice. Values that are not named may be anything.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedResult {
    /// The grouping expressions and their values, as text.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    slice: Map<String, Value>,
    values: Map<String, Value>,
}

impl Expected {
    /// From the text of a file.
    ///
    /// # Errors
    /// When it says nothing, or what can't be understood.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let expected: Self = serde_json::from_str(text).context("what is expected can't be read")?;
        let said = [expected.failure.is_some(), expected.values.is_some(), expected.results.is_some()]
            .into_iter()
            .filter(|said| *said);
        match said.count() {
            1 => Ok(expected),
            _ => bail!("give one of `values`, `results` and `failure`"),
        }
    }

    /// What a plugin said, as an expectation.
    pub fn of(outcome: &Outcome) -> Self {
        if let Some(failure) = outcome.failure() {
            return Self { failure: Some(failure.code.to_string()), ..Self::default() };
        }
        let mut results: Vec<ExpectedResult> = outcome.results.iter().map(ExpectedResult::of).collect();
        match results.pop() {
            Some(only) if results.is_empty() && only.slice.is_empty() => {
                Self { values: Some(only.values), ..Self::default() }
            }
            last => Self { results: Some(results.into_iter().chain(last).collect()), ..Self::default() },
        }
    }

    /// What differs, a line each.
    pub fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let failure = outcome.failure();
        match (&self.failure, failure) {
            (Some(expected), Some(found)) if *expected == found.code.as_str() => return Vec::new(),
            (Some(expected), None) => return vec![format!("it succeeds, and must fail with {expected}")],
            (_, Some(found)) => return vec![format!("it fails: {} ({})", found.message, found.code)],
            (None, None) => {}
        }
        let single;
        let expected = match (&self.results, &self.values) {
            (Some(results), _) => results.as_slice(),
            (None, values) => {
                single = [ExpectedResult { slice: Map::new(), values: values.clone().unwrap_or_default() }];
                &single
            }
        };
        let found: Vec<ExpectedResult> = outcome.results.iter().map(ExpectedResult::of).collect();
        if found.len() != expected.len() {
            return vec![format!("it gives {} results, and must give {}", found.len(), expected.len())];
        }
        let tolerance = self.tolerance.unwrap_or(TOLERANCE);
        expected.iter().zip(&found).flat_map(|(expected, found)| expected.differences(found, tolerance)).collect()
    }
}

impl ExpectedResult {
    fn of(result: &driftline_eval::WindowResult) -> Self {
        let cell = |cell: &SliceValue| match cell {
            SliceValue::Null => Value::Null,
            other => Value::from(other.to_string()),
        };
        Self {
            slice: result.slice.iter().map(|(name, value)| (name.clone(), cell(value))).collect(),
            values: result.values.iter().map(|value| (value.name.clone(), Value::from(value.number))).collect(),
        }
    }

    fn differences(&self, found: &Self, tolerance: f64) -> Vec<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let place = match self.slice.is_empty() {
            true => String::new(),
            false => format!(
                "{}: ",
                found.slice.iter().map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join(" ")
            ),
        };
        let mut lines = Vec::new();
        for (name, expected) in &self.slice {
            if found.slice.get(name).map(text) != Some(text(expected)) {
                lines.push(format!("{place}the slice must have {name}={}", text(expected)));
            }
        }
        for (name, expected) in &self.values {
            match found.values.get(name) {
                None => lines.push(format!("{place}there is no value `{name}`")),
                Some(found) if !same(expected, found, tolerance) => {
                    lines.push(format!("{place}`{name}` is {found}, and must be {expected}"));
                }
                Some(_) => {}
            }
        }
        lines
    }
}

fn same(expected: &Value, found: &Value, tolerance: f64) -> bool {
    match (expected.as_f64(), found.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= tolerance * a.abs().max(b.abs()),
        _ => expected == found,
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_say_one_thing_and_numbers_are_near_or_not() {
        for (text, word) in [
            ("{}", Some("give one of")),
            (r#"{"values": {}, "failure": "x"}"#, Some("give one of")),
            (r#"{"value": {}}"#, Some("can't be read")),
            (r#"{"values": {"a": 1}, "tolerance": 0.5}"#, None),
            (r#"{"results": [{"slice": {"s": "x"}, "values": {"a": null}}]}"#, None),
        ] {
            match (Expected::read(text), word) {
                (Ok(_), None) => {}
                (Err(error), Some(word)) => assert!(format!("{error:#}").contains(word), "{error:#}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
        let result =
            |values: &str| ExpectedResult { slice: Map::new(), values: serde_json::from_str(values).expect("JSON") };
        for (expected, found, tolerance, lines) in [
            (r#"{"a": 1}"#, r#"{"a": 1.0000000000001, "b": 2}"#, 1e-9, 0),
            (r#"{"a": 1}"#, r#"{"a": 1.1}"#, 1e-9, 1),
            (r#"{"a": 1}"#, r#"{"a": 1.1}"#, 0.2, 0),
            (r#"{"a": null}"#, r#"{"a": null}"#, 0.0, 0),
            (r#"{"a": null, "b": 1}"#, r#"{"a": 0}"#, 0.0, 2),
        ] {
            assert_eq!(result(expected).differences(&result(found), tolerance).len(), lines, "{expected} {found}");
        }
    }
}
