//! Who carries a delivery to its channel.

use driftline_core::Time;
use driftline_storage::{ChannelRecord, DeliveryRecord, Settled};
use futures::future::BoxFuture;

/// Carries deliveries to channels.
pub trait Post: Send + Sync {
    /// Tries to send once, with the delivery's key; takes a bounded time. `now` is the present by the clock of storage.
    fn send<'a>(
        &'a self,
        channel: &'a ChannelRecord,
        delivery: &'a DeliveryRecord,
        now: Time,
    ) -> BoxFuture<'a, Attempt>;
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Whether it was sent, is to be tried again, or is given up.
    pub settled: Settled,
    /// What the receiver said, or why it could not be reached; without secrets.
    pub said: String,
}
