//! A thread that is in nobody's way.

use std::thread;

use tokio::{runtime::Handle, sync::oneshot};

/// Runs work that blocks on a thread of the lowest priority, so that whatever else is computed meanwhile comes first.
/// Work that panics, or for which there is no thread, is lost.
pub(super) async fn aside(work: impl FnOnce() + Send + 'static) {
    let (working, ended) = oneshot::channel::<()>();
    let runtime = Handle::current();
    let started = thread::Builder::new().name("ahead".into()).spawn(move || {
        let _working = working;
        let _entered = runtime.enter();
        // Elsewhere it would be that of the whole process.
        #[cfg(target_os = "linux")]
        let _lowered = rustix::process::nice(19);
        work();
    });
    match started {
        // It is dropped with the thread.
        Ok(_thread) => drop(ended.await),
        Err(error) => tracing::debug!(%error, "no thread to compute ahead"),
    }
}
