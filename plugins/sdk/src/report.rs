//! What a metric says in the end.

use crate::Chart;

/// Numbers, reasons and pictures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// One entry for each reported output.
    pub values: Vec<Value>,
    /// Pictures for people.
    pub charts: Vec<Chart>,
}

impl Report {
    /// A report without content.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value.
    pub fn value(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    /// Adds a chart.
    pub fn chart(mut self, chart: Chart) -> Self {
        self.charts.push(chart);
        self
    }

    /// A report in which each of `names` is undefined for one `reason`.
    pub fn undefined(names: &[&str], reason: &str) -> Self {
        let values = names.iter().map(|name| Value::undefined(name, reason)).collect();
        Self { values, charts: Vec::new() }
    }

    /// The reported value called `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.name == name)
    }
}

/// One reported number, or that there is none and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// One of the declared outputs, or a name that matches an open one.
    pub name: String,
    /// The number; `None`, NaN and infinities mean undefined.
    pub number: Option<f64>,
    /// Its standard error, where the metric knows it.
    pub standard_error: Option<f64>,
    /// Why the number is undefined, or a remark.
    pub note: Option<String>,
}

impl Value {
    /// A number.
    pub fn new(name: &str, number: f64) -> Self {
        Self { name: name.into(), number: Some(number), standard_error: None, note: None }
    }

    /// No number, and why.
    pub fn undefined(name: &str, reason: &str) -> Self {
        Self { name: name.into(), number: None, standard_error: None, note: Some(reason.into()) }
    }

    /// Adds the number's standard error.
    pub fn standard_error(mut self, standard_error: impl Into<Option<f64>>) -> Self {
        self.standard_error = standard_error.into();
        self
    }

    /// Adds a remark; `None` and an empty text add nothing.
    pub fn note(mut self, note: impl Into<Option<String>>) -> Self {
        self.note = note.into().filter(|note| !note.is_empty()).or(self.note);
        self
    }
}
