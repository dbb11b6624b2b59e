//! How logs become segments, and how these are kept few.

use std::time::Duration;

use driftline_storage::Options;

/// How logs become segments, and how these are kept few.
#[derive(Debug, Clone)]
pub struct Segments {
    /// A model's log is sealed when it holds this many rows; 0 seals, folds and merges nothing.
    pub seal_rows: u64,
    /// When its oldest row is this old, it is sealed however small it is.
    pub seal_age: Duration,
    /// The most rows in one segment.
    pub segment_rows: usize,
    /// Delayed metrics are folded when there are this many of them,
    pub fold_rows: u64,
    /// or at this age; at a longer one where much would have to be rewritten for few.
    pub fold_age: Duration,
    /// How long delayed metrics are kept without a prediction.
    pub unmatched_age: Duration,
    /// How often it is looked whether there is something to fold, to merge or to delete.
    pub interval: Duration,
}

/// Costly folding waits this many times longer.
const PATIENCE: u32 = 24;

impl Default for Segments {
    fn default() -> Self {
        let options = Options::default();
        Self {
            seal_rows: options.seal_rows,
            seal_age: options.seal_max_age,
            segment_rows: options.segment_rows,
            fold_rows: options.fold_rows,
            fold_age: options.fold_age,
            unmatched_age: options.unmatched_age,
            interval: options.merge_interval,
        }
    }
}

impl Segments {
    /// As storage wants it.
    pub fn options(&self) -> Options {
        let options = Options::default();
        Options {
            seal_rows: self.seal_rows,
            seal_min_rows: options.seal_min_rows.min(self.seal_rows),
            seal_age: options.seal_age.min(self.seal_age),
            seal_max_age: self.seal_age,
            segment_rows: self.segment_rows.max(1),
            fold_rows: self.fold_rows,
            fold_age: self.fold_age,
            fold_max_age: self.fold_age.saturating_mul(PATIENCE),
            unmatched_age: self.unmatched_age,
            merge_interval: self.interval,
            background: self.seal_rows > 0,
            ..options
        }
    }
}
