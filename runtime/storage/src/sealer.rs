//! What the sealer's thread does: seals logs that are large or old, and forgets old idempotency keys.

use std::time::Duration;

use driftline_core::{Span, Time};

use crate::{
    Error, Options,
    background::Stopped,
    log::{self, Depth},
    retry,
    storage::Inner,
};

/// How often the log's depth is looked at.
pub(crate) const TICK: Duration = Duration::from_millis(250);
/// How often old idempotency keys are dropped: every hour.
const EXPIRY_MICROS: i64 = 3_600_000_000;

/// What the sealer saw last.
#[derive(Default)]
pub(crate) struct Sealer {
    appended_rows: Option<u64>,
    next_due: Option<Time>,
    next_expiry: Option<Time>,
}

impl Sealer {
    /// Seals what is due.
    pub fn tick(&mut self, inner: &Inner, stopped: &Stopped) -> Result<(), Error> {
        let now = inner.options.clock.now();
        if self.next_expiry.is_none_or(|due| due <= now) {
            inner.writer.call(|group| retry::expire(group.connection, group.now))?;
            self.next_expiry = Span::from_micros(EXPIRY_MICROS).map(|hour| now.after(hour));
        }
        let appended_rows = inner.writer.appended_rows();
        if self.appended_rows == Some(appended_rows) && self.next_due.is_none_or(|due| now < due) {
            return Ok(());
        }
        let depths = inner.catalog.read(log::depths)?;
        for depth in depths.iter().filter(|depth| due(depth, &inner.options).is_some_and(|due| due <= now)) {
            // A request to stop waits for one round at most.
            if stopped.now() {
                return Ok(());
            }
            inner.seal_some(depth.model, depth.kind)?;
        }
        self.appended_rows = Some(appended_rows);
        self.next_due = depths.iter().filter_map(|depth| due(depth, &inner.options)).min();
        Ok(())
    }
}

/// From when on this log is to be sealed, as far as can be told now.
fn due(depth: &Depth, options: &Options) -> Option<Time> {
    if depth.rows >= options.seal_rows || depth.bytes >= options.seal_bytes {
        return Some(depth.oldest);
    }
    let age = if depth.rows >= options.seal_min_rows { options.seal_age } else { options.seal_max_age };
    let age = i64::try_from(age.as_micros()).ok()?;
    Some(Span::from_micros(age).map_or(depth.oldest, |age| depth.oldest.after(age)))
}
