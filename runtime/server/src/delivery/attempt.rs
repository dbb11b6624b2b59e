//! One attempt to send a delivery.

use std::{panic::AssertUnwindSafe, sync::atomic::Ordering, time::Duration};

use driftline_storage::{ClaimedDelivery, Settled};
use futures::FutureExt;

use super::Attempt;
use crate::app::Shared;

/// How long to wait before the end of an attempt is written down again, when the disk fails.
const PAUSE: Duration = Duration::from_secs(5);

/// Begins to send what was claimed.
pub(super) fn begin(app: &Shared, claimed: ClaimedDelivery) {
    app.deliveries.sending.fetch_add(1, Ordering::SeqCst);
    let this = app.clone();
    app.deliveries.tasks.spawn(async move {
        tokio::select! {
            () = carry_out(&this, claimed) => {}
            () = this.deliveries.stop.cancelled() => {}
        }
        this.deliveries.sending.fetch_sub(1, Ordering::SeqCst);
        this.deliveries.ended.send_modify(|count| *count += 1);
        this.deliveries.wake();
    });
}

async fn carry_out(app: &Shared, ClaimedDelivery { delivery, channel }: ClaimedDelivery) {
    let attempt = match &channel {
        None => {
            Attempt { settled: Settled::Dead, said: format!("there is no channel `{}` any more", delivery.channel) }
        }
        Some(channel) => {
            let sent = app.deliveries.post.send(channel, &delivery, app.storage.now());
            AssertUnwindSafe(sent).catch_unwind().await.unwrap_or_else(|_| Attempt {
                settled: Settled::Dead,
                said: "sending ended unexpectedly: see the server's log".into(),
            })
        }
    };
    app.metrics.monitors.delivered(attempt.settled);
    let outcome = match attempt.settled {
        Settled::Sent => "sent",
        Settled::Again(_) => "to be tried again",
        Settled::Dead => "given up",
    };
    tracing::info!(delivery = %delivery.id, channel = %delivery.channel, outcome, said = attempt.said, "a delivery");
    let (owner, id, Attempt { settled, said }) = (app.scheduler.owner(), delivery.id, attempt);
    loop {
        let said = said.clone();
        match app.blocking(move |app| app.storage.settle_delivery(owner, id, settled, said)).await {
            Ok(_) => return,
            Err(problem) => tracing::error!(delivery = %id, detail = problem.detail, "a delivery can't be settled yet"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
