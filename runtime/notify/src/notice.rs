//! What is told.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::id;

/// One message to one channel. Its JSON is the body of a webhook, byte for byte the same in every attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// The delivery, the same in all attempts: who has seen it may drop the notice.
    #[serde(with = "id")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub delivery: Uuid,
    /// What has happened.
    pub event: Event,
    /// When it was first to be sent, RFC 3339.
    pub sent: String,
    /// To which alerts it has happened: several, where they are told together; none in a test.
    pub alerts: Vec<AlertNotice>,
}

/// What has happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It is new.
    Opened,
    /// Its level rose from warning to critical.
    Escalated,
    /// Its level fell from critical to warning.
    Deescalated,
    /// It is still there, and nobody has acknowledged it.
    Reminded,
    /// Somebody looks after it.
    Acknowledged,
    /// It is over.
    Resolved,
    /// Nothing: somebody tries the channel.
    Test,
}

/// Why there is an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A value is beyond its threshold.
    Threshold,
    /// The monitor can't tell: no data, a plugin that failed, labels missing.
    CannotRun,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Look at it some time today.
    Warning,
    /// Look at it now.
    Critical,
}

/// An alert as it was when the notice was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertNotice {
    /// The alert: the same in all its notices.
    #[serde(with = "id")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: Uuid,
    /// The monitor's name.
    pub monitor: String,
    /// The model's name.
    pub model: String,
    /// The slice, such as `{"region": "eu"}`; empty for all rows.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub slice: Map<String, Value>,
    /// What the plugin's inputs were bound to.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub inputs: Map<String, Value>,
    /// Why there is an alert.
    pub kind: AlertKind,
    /// How bad it is.
    pub level: Level,
    /// Where it stands, such as `open`.
    pub status: String,
    /// One line for people.
    pub title: String,
    /// What is known, for people.
    #[serde(default)]
    pub detail: String,
    /// The value that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What the value is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// What it was judged by, as it was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub threshold: Option<Value>,
    /// The rows that were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<NoticeWindow>,
    /// The evaluation that found it.
    #[serde(default, with = "id::optional", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub evaluation: Option<Uuid>,
    /// Where to see more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A half-open range of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoticeWindow {
    /// Its start, RFC 3339.
    pub start: String,
    /// Its end, RFC 3339, not part of it.
    pub end: String,
}

impl Event {
    /// As in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Escalated => "escalated",
            Self::Deescalated => "deescalated",
            Self::Reminded => "reminded",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

impl Level {
    /// As in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}
