//! The thread that seals in the background.

use std::{
    sync::{
        Arc, Weak,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use driftline_core::{Span, Time};

use crate::{
    Error, Options,
    log::{self, Depth},
    retry,
    storage::Inner,
};

/// How often the log's depth is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How long to wait after a failure, such as a full disk.
const PAUSE: Duration = Duration::from_secs(30);
/// How often old idempotency keys are dropped: every hour.
const EXPIRY_MICROS: i64 = 3_600_000_000;

/// Seals until it is dropped.
pub(crate) struct Sealer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sealer {
    /// Starts the thread. It keeps `inner` alive only while it works.
    pub fn start(inner: &Arc<Inner>) -> Result<Self, Error> {
        let (stop, stopped) = mpsc::channel();
        let inner = Arc::downgrade(inner);
        let thread = thread::Builder::new()
            .name("sealer".into())
            .spawn(move || run(&inner, &stopped))
            .map_err(|error| Error::failed("starting the sealer thread", error))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take()
            // The last clone of the storage may be dropped by the sealer itself.
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the sealer thread panicked");
        }
    }
}

fn run(inner: &Weak<Inner>, stopped: &Receiver<()>) {
    let mut watch = Watch::default();
    let mut pause = TICK;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let Some(inner) = inner.upgrade() else { return };
        pause = match watch.tick(&inner, stopped) {
            Ok(()) => TICK,
            Err(error) => {
                tracing::error!(%error, "sealing failed; it will be tried again");
                PAUSE
            }
        };
    }
}

/// What the sealer saw last.
#[derive(Default)]
struct Watch {
    appended_rows: Option<u64>,
    next_due: Option<Time>,
    next_expiry: Option<Time>,
}

impl Watch {
    fn tick(&mut self, inner: &Inner, stopped: &Receiver<()>) -> Result<(), Error> {
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
            if stopped.try_recv() == Err(mpsc::TryRecvError::Disconnected) {
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
    let age = Span::from_micros(i64::try_from(options.seal_age.as_micros()).ok()?);
    (depth.rows >= options.seal_min_rows).then(|| age.map_or(depth.oldest, |age| depth.oldest.after(age)))
}
