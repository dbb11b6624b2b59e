//! The courier of notices as the outbox's post.

use driftline_core::{Span, Time};
use driftline_notify::{Channel, Courier, Failure, Next, Notice, next};
use driftline_storage::{ChannelRecord, DeliveryRecord, Settled};
use futures::future::BoxFuture;

use super::{Attempt, Post};

impl Post for Courier {
    fn send<'a>(
        &'a self,
        channel: &'a ChannelRecord,
        delivery: &'a DeliveryRecord,
        now: Time,
    ) -> BoxFuture<'a, Attempt> {
        Box::pin(async move {
            let (Ok(channel), Ok(notice)) =
                (serde_json::from_str::<Channel>(&channel.config), serde_json::from_str::<Notice>(&delivery.notice))
            else {
                return Attempt { settled: Settled::Dead, said: "the channel or the notice can't be read".into() };
            };
            match self.deliver(&channel, &notice, seconds(now)).await {
                Ok(receipt) => Attempt { settled: Settled::Sent, said: receipt.answer },
                Err(failure) => failed(&failure, delivery, now),
            }
        })
    }
}

fn failed(failure: &Failure, delivery: &DeliveryRecord, now: Time) -> Attempt {
    let attempts = delivery.attempts.saturating_add(1);
    match next(failure, attempts, delivery.id, seconds(delivery.created), seconds(now)) {
        Next::At(at) => {
            let wait = Span::from_micros((at - seconds(now)).saturating_mul(1_000_000));
            let at = wait.map_or(now, |wait| now.after(wait));
            Attempt { settled: Settled::Again(at), said: failure.message.clone() }
        }
        Next::Dead(why) => Attempt { settled: Settled::Dead, said: format!("{} ({why})", failure.message) },
    }
}

fn seconds(time: Time) -> i64 {
    time.micros().div_euclid(1_000_000)
}
