//! One request of a client: rows, and how they are sent.

use std::sync::Arc;

use arrow::array::{Float64Array, Int64Array};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{ARROW, JSON, arrow_stream, float, id_column, integer, table, time};

/// The model that the clients write about.
pub const MODEL: &str = "ledger";

/// A prediction without its id.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Microseconds since 1970.
    pub time: i64,
    /// What was predicted.
    pub score: f64,
    /// A number that no other prediction has.
    pub mark: i64,
}

/// What came out later; a request may carry either cell or both.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Truth {
    /// The class.
    pub label: Option<i64>,
    /// What the error cost.
    pub cost: Option<f64>,
}

/// The rows of a request.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Predictions with the client's ids.
    Predictions(Vec<(Uuid, Prediction)>),
    /// Predictions that the server gives ids.
    Nameless(Vec<Prediction>),
    /// Labels by id.
    Labels(Vec<(Uuid, Truth)>),
}

/// Rows, and how they are sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its `Idempotency-Key`, if it has one.
    pub key: Option<String>,
    /// As Arrow, not as JSON.
    pub is_arrow: bool,
    /// The rows.
    pub rows: Rows,
}

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Predictions(rows) => rows.len(),
            Self::Nameless(rows) => rows.len(),
            Self::Labels(rows) => rows.len(),
        }
    }
}

impl Request {
    /// Where it goes.
    pub fn path(&self) -> String {
        let call = if matches!(self.rows, Rows::Labels(_)) { "delayed-metrics" } else { "predictions" };
        format!("/v1/models/{MODEL}/{call}")
    }

    /// Its headers.
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let content_type = ("content-type", if self.is_arrow { ARROW } else { JSON });
        let key = self.key.as_deref().map(|key| ("idempotency-key", key));
        [content_type].into_iter().chain(key).collect()
    }

    /// Its body.
    pub fn body(&self) -> Vec<u8> {
        if self.is_arrow { self.arrow() } else { self.json().to_string().into_bytes() }
    }

    fn json(&self) -> Value {
        match &self.rows {
            Rows::Predictions(rows) => rows.iter().map(|(id, row)| prediction_json(Some(*id), row)).collect(),
            Rows::Nameless(rows) => rows.iter().map(|row| prediction_json(None, row)).collect(),
            Rows::Labels(rows) => rows.iter().map(|(id, truth)| label_json(*id, truth)).collect(),
        }
    }

    fn arrow(&self) -> Vec<u8> {
        let columns = match &self.rows {
            Rows::Predictions(rows) => {
                let (ids, rows): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
                [vec![("id", id_column(&ids))], prediction_columns(&rows)].concat()
            }
            Rows::Nameless(rows) => prediction_columns(rows),
            Rows::Labels(rows) => {
                let ids: Vec<_> = rows.iter().map(|(id, _)| *id).collect();
                let labels: Int64Array = rows.iter().map(|(_, truth)| truth.label).collect();
                let costs: Float64Array = rows.iter().map(|(_, truth)| truth.cost).collect();
                vec![("id", id_column(&ids)), ("label", Arc::new(labels) as _), ("cost", Arc::new(costs) as _)]
            }
        };
        arrow_stream(&table(columns))
    }
}

fn prediction_columns(rows: &[Prediction]) -> Vec<(&'static str, arrow::array::ArrayRef)> {
    vec![
        ("time", time(rows.iter().map(|row| row.time))),
        ("score", float(rows.iter().map(|row| row.score))),
        ("mark", integer(rows.iter().map(|row| row.mark))),
    ]
}

fn prediction_json(id: Option<Uuid>, row: &Prediction) -> Value {
    let mut object = json!({"time": row.time / 1000, "metrics": {"score": row.score, "mark": row.mark}});
    if let Some(id) = id {
        object["id"] = json!(id.to_string());
    }
    object
}

fn label_json(id: Uuid, truth: &Truth) -> Value {
    let mut metrics = json!({});
    if let Some(label) = truth.label {
        metrics["label"] = json!(label);
    }
    if let Some(cost) = truth.cost {
        metrics["cost"] = json!(cost);
    }
    json!({"id": id.to_string(), "metrics": metrics})
}
