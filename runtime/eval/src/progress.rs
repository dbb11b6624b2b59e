//! How far a run has come.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// Counters that a run moves on and anyone may read.
#[derive(Debug, Default)]
pub struct Progress {
    units: AtomicU64,
    units_done: AtomicU64,
    rows: AtomicU64,
    /// A run that does this one's work.
    followed: OnceLock<Arc<Progress>>,
}

impl Progress {
    /// Units of work (segments, and the unsealed rows) in all, once known; otherwise 0.
    pub fn units(&self) -> u64 {
        self.units.load(Ordering::Relaxed) + self.followed.get().map_or(0, |run| run.units())
    }

    /// Units of work done.
    pub fn units_done(&self) -> u64 {
        self.units_done.load(Ordering::Relaxed) + self.followed.get().map_or(0, |run| run.units_done())
    }

    /// Rows read.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed) + self.followed.get().map_or(0, |run| run.rows())
    }

    /// Shows how far another run has come.
    pub(crate) fn follow(&self, run: Arc<Self>) {
        let _follows_one_already = self.followed.set(run);
    }

    pub(crate) fn expect_units(&self, units: usize) {
        self.units.fetch_add(units as u64, Ordering::Relaxed);
    }

    pub(crate) fn unit_done(&self) {
        self.units_done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn rows_read(&self, rows: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
    }
}
