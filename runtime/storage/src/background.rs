//! A thread that looks at intervals whether there is something to do.

use std::{
    sync::{
        Arc, Weak,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{Error, storage::Inner};

/// How long to wait after a failure, such as a full disk.
const PAUSE: Duration = Duration::from_secs(5);

/// Works until it is dropped, which waits for the work at hand.
pub(crate) struct Background {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Whether the thread was told to stop.
pub(crate) struct Stopped(Receiver<()>);

impl Background {
    /// Starts the thread, which calls `work` every `interval`. It keeps `inner` alive only while it works.
    pub fn start(
        name: &'static str,
        inner: &Arc<Inner>,
        interval: Duration,
        mut work: impl FnMut(&Inner, &Stopped) -> Result<(), Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let (stop, stopped) = mpsc::channel();
        let (inner, stopped) = (Arc::downgrade(inner), Stopped(stopped));
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || run(name, &inner, interval, &stopped, &mut work))
            .map_err(|error| Error::failed(format!("starting the thread `{name}`"), error))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.take();
        let Some(thread) = self.thread.take() else { return };
        // The thread itself may drop the last handle to storage, and can't wait for its own end.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("a background thread of storage panicked");
        }
    }
}

impl Stopped {
    /// Whether to leave the rest of the work.
    pub fn now(&self) -> bool {
        self.0.try_recv() == Err(mpsc::TryRecvError::Disconnected)
    }
}

fn run(
    name: &str,
    inner: &Weak<Inner>,
    interval: Duration,
    stopped: &Stopped,
    work: &mut impl FnMut(&Inner, &Stopped) -> Result<(), Error>,
) {
    let mut pause = interval;
    while stopped.0.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let Some(inner) = inner.upgrade() else { return };
        pause = match work(&inner, stopped) {
            Ok(()) | Err(Error::Closed) => interval,
            Err(error) => {
                tracing::error!(%error, work = name, "background work failed; it will be tried again");
                PAUSE
            }
        };
    }
}
