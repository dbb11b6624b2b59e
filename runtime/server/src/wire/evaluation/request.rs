//! What is asked of an evaluation.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::DriftSpec;
use crate::wire::{Instant, ItemName, Length};

/// A plugin to run over windows of a model's rows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRequest {
    /// Whose rows.
    pub model: ItemName,
    /// `name`, `name@version`, `name@alias` or `sha256:…`.
    #[schema(examples("roc-auc"))]
    pub plugin: String,
    /// For each input of the plugin a column, an SQL expression, or a list of them.
    ///
    /// For an input that takes one column, a list repeats the evaluation for each; the data are read once for all. Several
    /// such lists go in step. For an input that takes several columns, a list is these columns.
    ///
    /// `*`, alone or in a list, stands for the model's columns (without `id`, `time`, `end_time`, `deployment` and
    /// `labelled_at`) whose kind fits the input, except those that the request binds to another input or groups by, those
    /// that it names beside `*`, and those that the dataset of `reference` does not have with the same kind; the answer
    /// lists the others in `left_out`. Only one input that takes one column can be a list then.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, InputColumns>)]
    pub inputs: Inputs,
    /// The plugin's parameters; those left out have its defaults.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
    /// The rows to measure.
    pub window: WindowSpec,
    /// Cuts the window into periods of this length, one result each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Length>,
    /// What to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceSpec>,
    /// An SQL condition on rows.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// SQL expressions; one result for each combination of their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// How drifted columns are counted. Without it they are, by the plugin's suggestions, for plugins that need a
    /// reference when there are several columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftSpec>,
    /// How long to wait for the result: a duration such as `10s`, or seconds; 30 s unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub wait: Option<Wait>,
    /// Whether to keep the results as aggregates of the model; yes unless told.
    #[serde(default = "yes")]
    pub record: bool,
}

fn yes() -> bool {
    true
}

/// Inputs in the order in which they were sent; an input may come only once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs(pub Vec<(String, InputColumns)>);

impl Serialize for Inputs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, columns)| (name, columns)))
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Inputs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of inputs such as {\"score\": \"probability\"}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inputs, A::Error> {
                let mut inputs: Vec<(String, InputColumns)> = Vec::new();
                while let Some((name, columns)) = map.next_entry::<String, InputColumns>()? {
                    if inputs.iter().any(|(seen, _)| *seen == name) {
                        return Err(A::Error::custom(format!("duplicate field `{name}`")));
                    }
                    inputs.push((name, columns));
                }
                Ok(Inputs(inputs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A column or expression, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum InputColumns {
    /// One column or SQL expression.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl InputColumns {
    /// The columns as a list.
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(column) => vec![column],
            Self::Many(columns) => columns,
        }
    }
}

impl From<Vec<String>> for InputColumns {
    fn from(columns: Vec<String>) -> Self {
        match <[String; 1]>::try_from(columns) {
            Ok([column]) => Self::One(column),
            Err(columns) => Self::Many(columns),
        }
    }
}

impl<'de> Deserialize<'de> for InputColumns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = InputColumns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column, an SQL expression, or a list of them")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<InputColumns, E> {
                Ok(InputColumns::One(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<InputColumns, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(InputColumns::Many)
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// The rows to measure: `{"start", "end"}` or `{"last": "7d"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowSpec {
    /// From this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// Up to, and without, this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// The time before now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Length>,
}

/// What to compare with: `{"start", "end"}` or `{"dataset": "training"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceSpec {
    /// From this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// Up to, and without, this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// A dataset of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<ItemName>,
}

/// A duration, or seconds; 0 to 10 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Wait(f64);

impl Wait {
    const LONGEST_S: f64 = 600.0;

    /// The duration.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs_f64(self.0)
    }

    fn seconds<E: Error>(seconds: f64) -> Result<Self, E> {
        if (0.0..=Self::LONGEST_S).contains(&seconds) {
            return Ok(Self(seconds));
        }
        Err(E::custom("`wait` is 0 to 600 seconds: an evaluation that takes longer can be looked at later"))
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LengthOrSeconds;
        impl Visitor<'_> for LengthOrSeconds {
            type Value = Wait;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"10s\", or seconds")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Wait, E> {
                match text.parse::<f64>() {
                    Ok(seconds) => Wait::seconds(seconds),
                    Err(_) => {
                        let span: driftline_core::Span = text.parse().map_err(E::custom)?;
                        Wait::seconds(span.micros() as f64 / 1e6)
                    }
                }
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Wait, E> {
                Wait::seconds(seconds as f64)
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Wait, E> {
                Wait::seconds(seconds as f64)
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Wait, E> {
                Wait::seconds(seconds)
            }
        }
        deserializer.deserialize_any(LengthOrSeconds)
    }
}

/// How long to wait, as a query.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// A duration such as `10s`, or seconds; wins over the body's.
    #[param(value_type = Option<String>)]
    pub wait: Option<Wait>,
}

/// Which evaluations to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvaluationFilter {
    /// Those of this model.
    #[param(value_type = Option<String>)]
    pub model: Option<ItemName>,
    /// Those of this plugin: `name` or `name@version`.
    pub plugin: Option<String>,
    /// `running`, `succeeded`, `failed`, `cancelled` or `interrupted`.
    pub status: Option<super::EvaluationStatus>,
    /// At most this many, 1 to 1000; 100 unless told.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}
