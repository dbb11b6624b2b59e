//! Who hears what storage does and how long it takes, such as a server's metrics.

use std::time::Duration;

use crate::Error;

/// Told of work as it ends, on the thread that did it; answers at once.
pub trait Observer: Send + Sync {
    /// A transaction ended: how long it took, its sync included, and why it failed if it did.
    fn committed(&self, took: Duration, failed: Option<&Error>);

    /// An append waited this long for space in the queue and for its turn with the writer.
    fn waited(&self, took: Duration);

    /// Some work in the background ended.
    fn worked(&self, work: Work, took: Duration, failed: bool);
}

/// What is done in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// A stretch of a log became segments.
    Seal,
    /// Delayed metrics went into segments of predictions.
    Fold,
    /// Segments became one.
    Compact,
}

impl Work {
    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Fold => "fold",
            Self::Compact => "compact",
        }
    }
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn committed(&self, _: Duration, _: Option<&Error>) {}
    fn waited(&self, _: Duration) {}
    fn worked(&self, _: Work, _: Duration, _: bool) {}
}
