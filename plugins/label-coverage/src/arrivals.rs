//! Predictions, and when their labels came.

use driftline_numerics::{Sketch, radix};
use driftline_sdk::Validity;
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

    /// Adds predictions made at `times`, in microseconds.
    pub(crate) fn extend(&mut self, times: &[i64], labels: &Validity) {
        self.count(times.len(), labels.count(times.len()));
        self.newest = self.newest.max(times.iter().max().copied());
        if !labels.all() {
            let mut oldest = i64::MAX;
            for (at, times) in times.chunks(8).enumerate() {
                let byte = labels.byte(at);
                // Without branches, since which labels are missing can't be foreseen.
                let waiting = |(row, time): (usize, &i64)| if byte >> row & 1 == 1 { i64::MAX } else { *time };
                oldest = times.iter().enumerate().map(waiting).fold(oldest, i64::min);
            }
            self.oldest_unlabelled = earlier(self.oldest_unlabelled, Some(oldest).filter(|oldest| *oldest != i64::MAX));
        }
    }

    /// Adds when the labels came of predictions made at `times`, where it is known.
    pub(crate) fn arrive(&mut self, times: &[i64], labels: &Validity, arrivals: &[i64]) {
        self.has_lags = true;
        let (mut lags, mut known, mut newest) = (vec![0; times.len()], 0, MISSING);
        let mut take = |is_labelled: bool, time: i64, arrival: i64| {
            let is_known = is_labelled & (arrival != MISSING);
            newest = newest.max(if is_known { arrival } else { MISSING });
            lags[known] = arrival.saturating_sub(time).max(0) as u64;
            known += usize::from(is_known);
        };
        let ((times, last_times), (arrivals, last_arrivals)) = (times.as_chunks::<8>(), arrivals.as_chunks::<8>());
        for (at, (times, arrivals)) in times.iter().zip(arrivals).enumerate() {
            let byte = labels.byte(at);
            for row in 0..8 {
                take(byte >> row & 1 == 1, times[row], arrivals[row]);
            }
        }
        for (row, (time, arrival)) in (8 * times.len()..).zip(last_times.iter().zip(last_arrivals)) {
            take(labels.is_present(row), *time, *arrival);
        }
        self.newest = self.newest.max(Some(newest).filter(|newest| *newest != MISSING));
        lags.truncate(known);
        radix::sort(&mut lags, &mut Vec::new());
        self.lags.extend_sorted(&lags.iter().map(|lag| *lag as f64 / MICROSECONDS).collect::<Vec<_>>());
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
