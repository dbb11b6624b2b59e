//! The threads on which reads and queries run, apart from those that answer requests.

use std::{future::Future, sync::Arc};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// A few threads for work that computes while it waits. Clones share them.
#[derive(Clone)]
pub(crate) struct QueryThreads(Arc<Owned>);

struct Owned(Option<Runtime>);

/// Plans and expressions recurse as deep as a statement nests, and each level takes its stack.
const STACK_BYTES: usize = 16 << 20;

impl QueryThreads {
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("query")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(Owned(Some(runtime)))))
    }

    /// Runs `work` there; it stops at its next pause when the handle is dropped.
    pub fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> AbortOnDropHandle<T> {
        AbortOnDropHandle::new(match &self.0.0 {
            Some(runtime) => runtime.spawn(work),
            None => Handle::current().spawn(work),
        })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // The last clone may go on a thread that must not block.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
