//! Deliveries: notices on their way.

use driftline_storage::DeliveryRecord;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::{IntoParams, ToSchema};

use super::{Id, Instant, ItemName};

/// A notice on its way to a channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Delivery {
    /// Its id: the idempotency key, the same in all attempts.
    pub id: Id,
    /// Where it goes.
    pub channel: ItemName,
    /// The monitor that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<ItemName>,
    /// The model that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ItemName>,
    /// The alert that it is about, or the first of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<Id>,
    /// How far it is.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was written down.
    pub created: Instant,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<Instant>,
    /// When it arrived, or was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<Instant>,
    /// What the receiver answered last, or why it could not be reached.
    pub said: String,
    /// What is told.
    #[schema(value_type = Object)]
    pub notice: Json,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// It will be tried, again.
    Pending,
    /// The receiver took it.
    Sent,
    /// It was given up; POST /v1/deliveries/{id}/retry tries it again.
    Dead,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// `pending`, `sent` or `dead`.
    pub status: Option<DeliveryStatus>,
    /// Those to this channel.
    #[param(value_type = Option<String>)]
    pub channel: Option<ItemName>,
    /// Those that tell of this alert.
    #[param(value_type = Option<String>)]
    pub alert: Option<Id>,
    /// At most this many, 1 to 1000; 100 unless told.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl From<driftline_storage::DeliveryStatus> for DeliveryStatus {
    fn from(status: driftline_storage::DeliveryStatus) -> Self {
        match status {
            driftline_storage::DeliveryStatus::Pending => Self::Pending,
            driftline_storage::DeliveryStatus::Sent => Self::Sent,
            driftline_storage::DeliveryStatus::Dead => Self::Dead,
        }
    }
}

impl From<DeliveryStatus> for driftline_storage::DeliveryStatus {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Pending => Self::Pending,
            DeliveryStatus::Sent => Self::Sent,
            DeliveryStatus::Dead => Self::Dead,
        }
    }
}

impl From<DeliveryFilter> for driftline_storage::DeliveryFilter {
    fn from(filter: DeliveryFilter) -> Self {
        Self {
            status: filter.status.map(Into::into),
            channel: filter.channel.map(|channel| channel.0),
            alert: filter.alert.map(|alert| alert.0),
        }
    }
}

impl From<DeliveryRecord> for Delivery {
    fn from(record: DeliveryRecord) -> Self {
        let status = DeliveryStatus::from(record.status);
        Self {
            id: Id(record.id),
            channel: ItemName(record.channel),
            monitor: record.monitor.map(ItemName),
            model: record.model.map(ItemName),
            alert: record.alert.map(Id),
            status,
            attempts: record.attempts,
            created: Instant(record.created),
            next_attempt: (status == DeliveryStatus::Pending).then_some(Instant(record.next_attempt)),
            settled: record.settled.map(Instant),
            said: record.said,
            notice: serde_json::from_str(&record.notice).unwrap_or_default(),
        }
    }
}
