//! Channels: where notices go.

use driftline_notify as notify;
use driftline_storage::ChannelRecord;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Instant, ItemName};
use crate::problem::Problem;

/// A channel; secrets are never shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Channel {
    /// Its name.
    pub name: ItemName,
    /// What a PUT made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// When it was made.
    pub created: Instant,
    /// When it was changed last.
    pub changed: Instant,
    /// How it reaches people. Secrets show as `***`; sent back so, they stay as they are.
    #[serde(flatten)]
    pub config: notify::Channel,
}

/// What a PUT made of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was not there before.
    Created,
    /// It was otherwise before.
    Changed,
    /// It was so before.
    Unchanged,
    /// It is there no more.
    Removed,
}

impl From<driftline_storage::Written> for Outcome {
    fn from(written: driftline_storage::Written) -> Self {
        match written {
            driftline_storage::Written::Created => Self::Created,
            driftline_storage::Written::Changed => Self::Changed,
            driftline_storage::Written::Unchanged => Self::Unchanged,
        }
    }
}

impl Channel {
    /// The channel of a record, without secrets.
    ///
    /// # Errors
    /// 500 when the record can't be read.
    pub fn of(record: &ChannelRecord) -> Result<Self, Problem> {
        let (name, config) = (ItemName(record.name.clone()), config(record)?.redacted());
        Ok(Self { name, outcome: None, created: Instant(record.created), changed: Instant(record.changed), config })
    }
}

/// How the channel of a record reaches people, secrets included.
///
/// # Errors
/// 500 when the record can't be read.
pub fn config(record: &ChannelRecord) -> Result<notify::Channel, Problem> {
    serde_json::from_str(&record.config)
        .map_err(|error| Problem::internal(format!("the record of channel {} can't be read: {error}", record.name)))
}

/// What came of a test notice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChannelTest {
    /// Whether it was taken.
    pub delivered: bool,
    /// What the receiver answered, or why it was not taken.
    pub said: String,
    /// The recipients of an e-mail that the server refused while it took others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undelivered: Vec<String>,
}
