//! What a monitor watches, when, and what is bad.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{AlertRules, CatchUp, MonitorReference, MonitorWindow, Schedule, Threshold};
use crate::wire::{DriftSpec, InputColumns, Inputs, Length};

/// A monitor: an evaluation on a schedule, with thresholds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitorDefinition {
    /// What it is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Free labels to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A model, or a pattern such as `fraud-*` (`*` and `?`): it runs for each model that fits, also later ones.
    #[schema(examples("flights"))]
    pub model: String,
    /// `name`, `name@version`, `name@alias` or `sha256:…`; a name or alias means what it means at each run.
    #[schema(examples("roc-auc@stable"))]
    pub plugin: String,
    /// As in an evaluation.
    #[serde(default, skip_serializing_if = "is_empty")]
    #[schema(value_type = std::collections::HashMap<String, InputColumns>)]
    pub inputs: Inputs,
    /// As in an evaluation.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
    /// An SQL condition on rows.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// SQL expressions; one result, and one alert, for each combination of their values. The alert of one that has no rows
    /// any more, while others have some, is resolved after as many windows in a row as `consecutive` asks for, one unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// The time that a run measures.
    pub window: MonitorWindow,
    /// Cuts the window into periods of this length, one result each; the last one is told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Length>,
    /// What to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<MonitorReference>,
    /// How drifted columns are counted, as in an evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftSpec>,
    /// When it runs; by hand only unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// The window ends so long before the run is due, so that late rows and labels are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Length>,
    /// Runs of different monitors and models start up to so much later, so that not all start at once; the window does not
    /// move. A tenth of the schedule's interval, at most 5 minutes, unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub jitter: Option<Jitter>,
    /// Which of the runs that were due while the server was down are made up for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub catch_up: CatchUp,
    /// Results whose windows ended up to so long ago are computed again when their data have changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_for: Option<Length>,
    /// A result of fewer rows is kept and not judged.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_rows: u64,
    /// What is bad.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<Threshold>,
    /// Whom to tell, and how often.
    #[serde(default, skip_serializing_if = "is_default")]
    pub alerts: AlertRules,
    /// Whether it makes no runs by itself for now.
    #[serde(default, skip_serializing_if = "is_default")]
    pub paused: bool,
}

/// A length of time that may be zero: `0s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter(pub Option<Length>);

impl Serialize for Jitter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(length) => length.serialize(serializer),
            None => serializer.serialize_str("0s"),
        }
    }
}

impl<'de> Deserialize<'de> for Jitter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "0s" {
            return Ok(Self(None));
        }
        let span = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(Some(Length(span))))
    }
}

fn is_empty(inputs: &Inputs) -> bool {
    inputs.0.is_empty()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
