//! A histogram of lags, whose quantiles are right to five percent.

use std::collections::BTreeMap;

/// The largest relative error of a quantile.
const ERROR: f64 = 0.05;

/// Counts of lags in buckets that grow by a fixed factor, after Masson et al.,
/// "DDSketch" (VLDB 2019): bucket `i` holds lags over `g^(i-1)` up to `g^i`
/// milliseconds with `g = (1 + e) / (1 - e)`, bucket 0 those up to one millisecond.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Lags {
    buckets: BTreeMap<u64, u64>,
}

fn growth() -> f64 {
    (1.0 + ERROR) / (1.0 - ERROR)
}

impl Lags {
    /// Counts a lag; one below zero (a label before its prediction) counts as zero.
    pub fn add(&mut self, micros: i64) {
        let millis = micros as f64 / 1e3;
        let bucket = if millis <= 1.0 { 0.0 } else { (millis.ln() / growth().ln()).ceil() };
        self.add_to(bucket as u64, 1);
    }

    /// Counts lags of one bucket.
    pub fn add_to(&mut self, bucket: u64, count: u64) {
        *self.buckets.entry(bucket).or_default() += count;
    }

    pub fn merge(&mut self, other: &Self) {
        other.buckets.iter().for_each(|(bucket, count)| self.add_to(*bucket, *count));
    }

    /// The buckets in use and their counts.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = (u64, u64)> + '_ {
        self.buckets.iter().map(|(bucket, count)| (*bucket, *count))
    }

    /// How many lags there are.
    pub fn count(&self) -> u64 {
        self.buckets.values().sum()
    }

    /// The lag in seconds that `share` of the lags do not exceed, to five percent; `None` without lags.
    pub fn quantile_seconds(&self, share: f64) -> Option<f64> {
        let rank = (share * self.count() as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let (bucket, _) = self.buckets.iter().find(|(_, count)| {
            below += *count;
            below >= rank
        })?;
        let middle = |bucket: u64| 2.0 * growth().powf(bucket as f64) / (growth() + 1.0) / 1e3;
        Some(if *bucket == 0 { 0.0 } else { middle(*bucket) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_right_to_five_percent_over_milliseconds_to_years() {
        for scale in [2_000_i64, 1_000_000, 3_600_000_000, 86_400_000_000, 31_536_000_000_000] {
            let mut lags = Lags::default();
            (1..=1000).rev().for_each(|n| lags.add(n * scale / 100));
            for (share, exact) in [(0.5, 500.0), (0.95, 950.0), (1.0, 1000.0)] {
                let exact = exact * scale as f64 / 100.0 / 1e6;
                let told = lags.quantile_seconds(share).expect("there are lags");
                assert!((told / exact - 1.0).abs() <= ERROR + 1e-9, "{share} of {scale}: {told}, exactly {exact}");
            }
        }
    }

    #[test]
    fn labels_before_their_prediction_have_no_lag() {
        let mut lags = Lags::default();
        assert_eq!(lags.quantile_seconds(0.5), None);
        [-5_000_000, 0, 900].into_iter().for_each(|micros| lags.add(micros));
        assert_eq!((lags.count(), lags.quantile_seconds(0.95)), (3, Some(0.0)));
    }
}
