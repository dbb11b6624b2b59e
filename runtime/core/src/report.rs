//! What a plugin says in the end: values and charts.

/// What `evaluate` returns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// One entry for each reported output.
    pub values: Vec<Value>,
    /// Pictures for people.
    pub charts: Vec<Chart>,
}

/// One reported number, or that there is none and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// One of the declared outputs.
    pub name: String,
    /// The number; `None` when undefined. Always finite.
    pub number: Option<f64>,
    /// Its standard error, where the metric knows it. Always finite.
    pub standard_error: Option<f64>,
    /// Why the number is undefined, or a remark.
    pub note: Option<String>,
}

/// A picture: one or more series over shared axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub name: String,
    /// The meaning of `x`.
    pub x_label: String,
    /// The meaning of `y`.
    pub y_label: String,
    /// `line`, `bars` or `heatmap`; another word is drawn as a line.
    pub kind: String,
    /// When not empty, the names of x = 0, 1, 2, …
    pub categories: Vec<String>,
    /// The data.
    pub series: Vec<Series>,
}

/// One line, set of bars or heatmap row; `x` and `y` have the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Positions.
    pub x: Vec<f64>,
    /// Heights.
    pub y: Vec<f64>,
}
