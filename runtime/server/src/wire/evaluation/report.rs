//! What a plugin reports: numbers and pictures.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One reported number, or that there is none and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Value {
    /// One of the plugin's declared outputs.
    pub name: String,
    /// The number; null when it is undefined.
    pub value: Option<f64>,
    /// Its standard error, where the metric knows it.
    pub standard_error: Option<f64>,
    /// Why it is undefined, or a remark.
    pub note: Option<String>,
}

/// A picture: one or more series over shared axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Chart {
    /// What it shows.
    pub name: String,
    /// The meaning of `x`.
    pub x_label: String,
    /// The meaning of `y`.
    pub y_label: String,
    /// `line`, `bars` or `heatmap`.
    pub kind: String,
    /// The names of x = 0, 1, 2, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The data.
    pub series: Vec<Series>,
}

/// One line, set of bars or heatmap row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Positions.
    #[schema(value_type = Vec<f64>)]
    pub x: Vec<Option<f64>>,
    /// Heights; null where there is none.
    pub y: Vec<Option<f64>>,
}

impl From<driftline_core::Value> for Value {
    fn from(value: driftline_core::Value) -> Self {
        Self { name: value.name, value: value.number, standard_error: value.standard_error, note: value.note }
    }
}

impl From<driftline_core::Chart> for Chart {
    fn from(chart: driftline_core::Chart) -> Self {
        let finite = |numbers: Vec<f64>| numbers.into_iter().map(|x| x.is_finite().then_some(x)).collect();
        let series = |s: driftline_core::Series| Series { name: s.name, x: finite(s.x), y: finite(s.y) };
        Self {
            name: chart.name,
            x_label: chart.x_label,
            y_label: chart.y_label,
            kind: chart.kind,
            categories: chart.categories,
            series: chart.series.into_iter().map(series).collect(),
        }
    }
}
