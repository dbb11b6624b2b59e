//! How storage behaves; the defaults suit a server.

use std::{sync::Arc, time::Duration};

use crate::{Clock, SystemClock};

/// How storage behaves.
#[derive(Clone)]
pub struct Options {
    /// A model's log is sealed when it holds this many rows,
    pub seal_rows: u64,
    /// or this many bytes,
    pub seal_bytes: u64,
    /// or when its oldest row is this old and it holds at least [`Self::seal_min_rows`].
    pub seal_age: Duration,
    /// Age alone seals nothing smaller than this: a slow model would end with one tiny file a minute.
    pub seal_min_rows: u64,
    /// The most rows in one segment.
    pub segment_rows: usize,
    /// Whether a thread seals in the background; without it only [`crate::Storage::seal`] does.
    pub background: bool,
    /// How many bytes of rows may wait for the writer before appends are refused as busy.
    pub queue_bytes: usize,
    /// How many bytes of decoded log rows are kept in memory for the next read.
    pub log_cache_bytes: usize,
    /// How many bytes of joined-up delayed metrics are kept in memory for the next read.
    pub delayed_cache_bytes: usize,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seal_rows: 500_000,
            seal_bytes: 64 << 20,
            seal_age: Duration::from_secs(60),
            seal_min_rows: 8_192,
            segment_rows: 1 << 20,
            background: true,
            queue_bytes: 256 << 20,
            log_cache_bytes: 128 << 20,
            delayed_cache_bytes: 256 << 20,
            clock: Arc::new(SystemClock),
        }
    }
}
