//! The loop of the outbox: it sends when something is due or someone wakes it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::tick;
use crate::{app::Shared, problem::Problem};

/// The longest time until the clock is read again: it may have been set.
const LONGEST: Duration = Duration::from_secs(5);
/// How long to wait when what is due can't be sent now, or the catalog fails.
const PATIENCE: Duration = Duration::from_secs(1);

/// Works until `stop`.
pub async fn run(app: Shared, stop: CancellationToken) {
    loop {
        let pause = match tick(&app).await {
            Ok(_) => pause(&app).await,
            Err(problem) => {
                tracing::error!(detail = problem.detail, "deliveries could not be sent; it will be tried again");
                PATIENCE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.deliveries.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn pause(app: &Shared) -> Duration {
    match app.blocking(|app| Ok::<_, Problem>((app.storage.next_delivery()?, app.storage.now()))).await {
        Ok((Some(next), now)) if next > now => {
            Duration::from_micros(u64::try_from(next.micros() - now.micros()).unwrap_or_default()).min(LONGEST)
        }
        Ok((Some(_), _)) | Err(_) => PATIENCE,
        Ok((None, _)) => LONGEST,
    }
}
