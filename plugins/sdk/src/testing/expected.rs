//! Expected values from other tools, as tables in JSON.
//!
//! A file is a list of cases:
//!
//! ```json
//! [{"name": "ties", "current": {"value": [1, 1, null, "inf"]}, "reference": {"value": [1, 2]},
//!   "parameters": {"bins": 5}, "expected": {"psi": 0.25, "other": null}}]
//! ```
//!
//! A list of cells is a column of numbers (`null` is missing, `"nan"`, `"inf"`
//! and `"-inf"` are those); `{"labels": […]}` is one of categories and
//! `{"instants": […]}` one of timestamps; a list of such columns goes to a
//! repeated input. An expected `null` is undefined with a reason. `"name±"` is
//! the standard error of `name`. `"within"` is the tolerance of a case, where it has one of its own.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{Table, check_merging, evaluate};
use crate::{Metric, Report};

#[derive(Deserialize)]
struct Case {
    name: String,
    current: Map<String, Json>,
    reference: Option<Map<String, Json>>,
    #[serde(default)]
    parameters: Map<String, Json>,
    expected: Map<String, Json>,
    within: Option<f64>,
}

/// How well a metric agreed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Agreement {
    /// How many values were compared.
    pub values: usize,
    /// The largest difference relative to what was expected.
    pub worst: f64,
}

/// Runs a metric over a file of cases, whole and in parts.
///
/// Numbers may differ from what is expected by `tolerance`, relative; parts
/// from the whole by 1e-11.
///
/// # Panics
/// When a case is malformed or a number is off; every one that is off is named.
pub fn check_expected<M: Metric>(cases: &str, tolerance: f64) -> Agreement {
    let cases: Vec<Case> = serde_json::from_str(cases).expect("a list of cases");
    let (mut agreement, mut off) = (Agreement::default(), Vec::new());
    for case in &cases {
        let (current, reference) = (table(&case.current), case.reference.as_ref().map(table));
        let parameters = Json::Object(case.parameters.clone()).to_string();
        let place = format!("{} {parameters}", case.name);
        match evaluate::<M>(&current, reference.as_ref(), &parameters) {
            Ok(report) => {
                for (name, expected) in &case.expected {
                    agreement.values += 1;
                    match difference(&report, name, expected) {
                        Ok(difference) if difference <= case.within.unwrap_or(tolerance) => {
                            agreement.worst = agreement.worst.max(difference);
                        }
                        Ok(difference) => {
                            let given = given(&report, name);
                            off.push(format!("{place}: {name} is {given:?} for {expected}, off by {difference:e}"));
                        }
                        Err(reason) => off.push(format!("{place}: {name} {reason}")),
                    }
                }
                check_merging::<M>(&current, reference.as_ref(), &parameters, case.within.unwrap_or(1e-11));
            }
            Err(error) => off.push(format!("{place}: {error}")),
        }
    }
    assert!(off.is_empty(), "{} of {} values are off:\n{}", off.len(), agreement.values, off.join("\n"));
    println!("{} expected values, off by at most {:.1e}", agreement.values, agreement.worst);
    agreement
}

fn given(report: &Report, name: &str) -> Option<f64> {
    let value = report.get(name.trim_end_matches('±'))?;
    let number = if name.ends_with('±') { value.standard_error } else { value.number };
    number.filter(|number| number.is_finite())
}

fn difference(report: &Report, name: &str, expected: &Json) -> Result<f64, String> {
    let Some(expected) = number(expected).filter(|number| number.is_finite()) else {
        let note = report.get(name.trim_end_matches('±')).and_then(|value| value.note.as_ref());
        return match given(report, name) {
            Some(given) => Err(format!("is {given}, but should be undefined")),
            None if note.is_none() && !name.ends_with('±') => Err("is undefined without a reason".to_owned()),
            None => Ok(0.0),
        };
    };
    match given(report, name) {
        Some(given) if given == expected => Ok(0.0),
        // What should be zero is held against one.
        Some(given) => Ok((given - expected).abs() / if expected == 0.0 { 1.0 } else { expected.abs() }),
        None => Err(format!("is undefined instead of {expected}: {:?}", report.get(name))),
    }
}

fn table(columns: &Map<String, Json>) -> Table {
    columns.iter().fold(Table::new(), |table, (input, column)| match column {
        Json::Array(columns) if columns.first().is_some_and(|first| first.is_array() || first.is_object()) => {
            columns.iter().fold(table, |table, one| bind(table, input, one))
        }
        column => bind(table, input, column),
    })
}

fn bind(table: Table, input: &str, column: &Json) -> Table {
    let cells = |column: &Json| column.as_array().cloned().unwrap_or_else(|| panic!("`{input}` is no list of cells"));
    if let Some(labels) = column.get("labels") {
        let labels = cells(labels);
        return table.categories(input, labels.iter().map(Json::as_str));
    }
    match column.get("instants") {
        Some(instants) => table.timestamps(input, cells(instants).iter().map(Json::as_i64)),
        None => table.numbers(input, cells(column).iter().map(number)),
    }
}

fn number(cell: &Json) -> Option<f64> {
    let word = |word: &str| word.parse().unwrap_or_else(|_| panic!("`{word}` is no number"));
    cell.as_f64().or_else(|| cell.as_str().map(word))
}
