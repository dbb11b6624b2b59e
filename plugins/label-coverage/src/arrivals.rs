//! Predictions, and when their labels came.

use driftline_numerics::Sketch;
use serde::{Deserialize, Serialize};

/// What [`Source::timestamps`](driftline_sdk::Source::timestamps) gives for a missing cell.
const MISSING: i64 = i64::MIN;
const MICROSECONDS: f64 = 1e6;

/// Counts, lags and the ends of time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Arrivals {
    pub(crate) rows: u64,
    labelled: u64,
    /// In seconds.
    pub(crate) lags: Sketch,
    pub(crate) has_lags: bool,
    newest: Option<i64>,
    oldest_unlabelled: Option<i64>,
}

impl Arrivals {
    /// No predictions yet; so many lags are held at each level of the sketch.
    pub(crate) fn new(sketch: usize) -> Self {
        Self { lags: Sketch::new(sketch), ..Self::default() }
    }

    /// Adds predictions of which no times are known.
    pub(crate) fn count(&mut self, rows: usize, labelled: usize) {
        self.rows += rows as u64;
        self.labelled += labelled as u64;
    }

    /// Adds predictions made at `times`, in microseconds, and labelled at `arrivals` where these are known.
    pub(crate) fn extend(&mut self, times: &[i64], is_labelled: impl Fn(usize) -> bool, arrivals: Option<&[i64]>) {
        self.has_lags |= arrivals.is_some();
        let mut lags = Vec::new();
        for (row, time) in times.iter().enumerate() {
            self.newest = self.newest.max(Some(*time));
            if !is_labelled(row) {
                self.oldest_unlabelled = earlier(self.oldest_unlabelled, Some(*time));
            } else if let Some(arrival) = arrivals.map(|arrivals| arrivals[row]).filter(|at| *at != MISSING) {
                self.newest = self.newest.max(Some(arrival));
                lags.push((arrival - time).max(0) as f64 / MICROSECONDS);
            }
        }
        self.count(times.len(), (0..times.len()).filter(|row| is_labelled(*row)).count());
        lags.sort_unstable_by(f64::total_cmp);
        self.lags.extend_sorted(&lags);
    }

    /// Adds other predictions; `false` when their sketch has another size.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        if !other.lags.is_sound(self.lags.size()) {
            return false;
        }
        self.rows += other.rows;
        self.labelled += other.labelled;
        self.lags.merge(other.lags);
        self.has_lags |= other.has_lags;
        self.newest = self.newest.max(other.newest);
        self.oldest_unlabelled = earlier(self.oldest_unlabelled, other.oldest_unlabelled);
        true
    }

    /// The share of predictions that have their label; NaN of none.
    pub(crate) fn coverage(&self) -> f64 {
        self.labelled as f64 / self.rows as f64
    }

    /// Seconds from the oldest prediction without a label, if there is one, to the newest moment; `None` without times.
    pub(crate) fn waiting(&self) -> Option<f64> {
        let newest = self.newest?;
        Some(self.oldest_unlabelled.map_or(0.0, |oldest| (newest - oldest) as f64 / MICROSECONDS))
    }
}

fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}
