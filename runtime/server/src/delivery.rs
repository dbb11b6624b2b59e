//! The outbox at work: what monitors tell is sent, tried again, or given up, and survives whatever dies.
//!
//! A delivery is made in the transaction that changes its alert. It is claimed by lease, sent with its key, and settled;
//! who dies between sending and settling sends it again, with the same key.

mod attempt;
mod background;
mod courier;
mod post;
#[cfg(test)]
mod tests;

pub use background::run;
pub use post::{Attempt, Post};

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use driftline_core::Span;
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{app::Shared, problem::Problem};

/// Deliveries that are sent at once.
const PLACES: usize = 32;
/// Of these to one channel, so that one that hangs holds up no other.
const PLACES_EACH: usize = 4;
/// For how long a claim holds, in microseconds: longer than any attempt may take.
const LEASE_MICROS: i64 = 300_000_000;

/// The deliveries of a server.
pub struct Deliveries {
    post: Arc<dyn Post>,
    wake: Notify,
    /// Held while deliveries are claimed, until they count as being sent.
    claiming: tokio::sync::Mutex<()>,
    sending: AtomicUsize,
    ended: watch::Sender<u64>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Deliveries {
    /// None under way; `post` sends them.
    pub fn new(post: Arc<dyn Post>) -> Self {
        Self {
            post,
            wake: Notify::new(),
            claiming: tokio::sync::Mutex::default(),
            sending: AtomicUsize::new(0),
            ended: watch::Sender::new(0),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Has it look now: there is something to send.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Cuts off what is being sent, which is sent again in the next life, and waits for it.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Begins to send what is due, as far as there are places; gives how many.
///
/// # Errors
/// Those of the catalog.
pub async fn tick(app: &Shared) -> Result<usize, Problem> {
    let deliveries = &app.deliveries;
    if deliveries.stop.is_cancelled() {
        return Ok(0);
    }
    let _alone = deliveries.claiming.lock().await;
    let free = PLACES.saturating_sub(deliveries.sending.load(Ordering::SeqCst));
    let owner = app.scheduler.owner();
    let claimed = app.blocking(move |app| app.storage.claim_deliveries(owner, lease(), PLACES_EACH, free)).await?;
    let count = claimed.len();
    for claimed in claimed {
        attempt::begin(app, claimed);
    }
    Ok(count)
}

/// Sends until nothing is due any more; for whoever turns the clock by hand.
///
/// # Errors
/// As [`tick`].
pub async fn settle(app: &Shared) -> Result<usize, Problem> {
    let mut sent = 0;
    loop {
        let mut ended = app.deliveries.ended.subscribe();
        ended.mark_unchanged();
        let begun = tick(app).await?;
        sent += begun;
        if app.deliveries.sending.load(Ordering::SeqCst) > 0 {
            let _next = ended.changed().await;
        } else if begun == 0 {
            return Ok(sent);
        }
    }
}

fn lease() -> Span {
    Span::from_micros(LEASE_MICROS).unwrap_or_else(|| unreachable!("a lease is longer than nothing"))
}
