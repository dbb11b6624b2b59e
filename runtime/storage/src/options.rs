//! How storage behaves; the defaults suit a server.

use std::{sync::Arc, time::Duration};

use crate::{Clock, Faults, NoFaults, Observer, Place, SystemClock, Unobserved};

/// How storage behaves.
#[derive(Clone)]
pub struct Options {
    /// Where the files beside the catalog are kept.
    pub place: Place,
    /// A model's log is sealed when it holds this many rows,
    pub seal_rows: u64,
    /// or this many bytes,
    pub seal_bytes: u64,
    /// or when its oldest row is this old and it holds at least [`Self::seal_min_rows`].
    pub seal_age: Duration,
    /// A smaller log waits longer: a slow model would end with one tiny file a minute.
    pub seal_min_rows: u64,
    /// When a log's oldest row is this old, it is sealed however small it is.
    pub seal_max_age: Duration,
    /// The most rows in one segment.
    pub segment_rows: usize,
    /// Segments are not merged into one of more bytes than this.
    pub segment_bytes: u64,
    /// Sealed delayed metrics are folded into their segments when there are this many of them,
    pub fold_rows: u64,
    /// or when the oldest is this old;
    pub fold_age: Duration,
    /// but where they touch more than twenty times their number of predictions, only at this age.
    pub fold_max_age: Duration,
    /// How many bytes of files of delayed metrics are folded at once; in memory they take about five times that.
    pub fold_bytes: u64,
    /// How long delayed metrics are kept without a prediction.
    pub unmatched_age: Duration,
    /// How often it is looked whether there is something to fold, to merge or to delete.
    pub merge_interval: Duration,
    /// Whether threads seal, fold and merge in the background; without them only
    /// [`crate::Storage::seal`] and [`crate::Storage::maintain`] do.
    pub background: bool,
    /// How many bytes of rows may wait for the writer before appends are refused as busy.
    pub queue_bytes: usize,
    /// How many bytes of decoded log rows are kept in memory for the next read.
    pub log_cache_bytes: usize,
    /// How many bytes of segments' id filters are kept in memory for the next look-up.
    pub filter_cache_bytes: usize,
    /// How many bytes of joined-up delayed metrics are kept in memory for the next read.
    pub delayed_cache_bytes: usize,
    /// How many ids of delayed metrics that are not folded in are looked at together when labels are counted, at about
    /// 40 bytes each; of more, rows are read more than once.
    pub census_ids: u64,
    /// How many bytes of computed states and reports are kept on disk for the next evaluation; without any, none are.
    pub state_cache_bytes: u64,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Who hears of work as it ends.
    pub observer: Arc<dyn Observer>,
    /// Where to fail; tests only.
    pub faults: Arc<dyn Faults>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            place: Place::DataDirectory,
            seal_rows: 500_000,
            seal_bytes: 64 << 20,
            seal_age: Duration::from_secs(60),
            seal_min_rows: 8_192,
            seal_max_age: Duration::from_secs(6 * 3_600),
            segment_rows: 1 << 20,
            segment_bytes: 256 << 20,
            fold_rows: 100_000,
            fold_age: Duration::from_secs(3_600),
            fold_max_age: Duration::from_secs(86_400),
            fold_bytes: 64 << 20,
            unmatched_age: Duration::from_secs(90 * 86_400),
            merge_interval: Duration::from_secs(5),
            background: true,
            queue_bytes: 256 << 20,
            log_cache_bytes: 128 << 20,
            filter_cache_bytes: 256 << 20,
            delayed_cache_bytes: 256 << 20,
            census_ids: 1 << 21,
            state_cache_bytes: 1 << 30,
            clock: Arc::new(SystemClock),
            observer: Arc::new(Unobserved),
            faults: Arc::new(NoFaults),
        }
    }
}
