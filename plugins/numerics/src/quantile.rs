//! Quantiles of a multiset, as NumPy's default rounds them.

use crate::{Multiset, key, run::Run};

/// Ranks and order statistics of a settled multiset of unit or whole weights.
///
/// The runs are never merged: a rank is found by bisection of the key space,
/// some sixty binary searches in every run.
pub struct Ranks<'a> {
    runs: Vec<(&'a [u64], Option<Vec<f64>>)>,
    total: f64,
}

impl<'a> Ranks<'a> {
    /// Prepares the runs of a multiset.
    pub fn new(multiset: &'a Multiset) -> Self {
        let runs = multiset.runs().iter().map(|run| (run.keys(), cumulative(run))).collect();
        Self { runs, total: multiset.total() }
    }

    /// How many numbers there are.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// How many numbers are below `number`.
    pub fn below(&self, number: f64) -> f64 {
        let bound = key::key(number);
        self.count(|key| key < bound)
    }

    /// How many numbers are at most `number`.
    pub fn at_most(&self, number: f64) -> f64 {
        let bound = key::key(number);
        self.count(|key| key <= bound)
    }

    /// The number at `rank` in ascending order, counted from zero; NaN beyond the last.
    pub fn select(&self, rank: f64) -> f64 {
        if rank >= self.total {
            return f64::NAN;
        }
        let (mut low, mut high) = (0, u64::MAX);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.count(|key| key <= middle) > rank { high = middle } else { low = middle + 1 }
        }
        key::number(low)
    }

    /// The quantile `q` in 0 to 1 by linear interpolation of order statistics:
    /// Hyndman & Fan, "Sample Quantiles in Statistical Packages", American
    /// Statistician 50 (1996), type 7, rounded as `numpy.quantile` does.
    pub fn quantile(&self, q: f64) -> f64 {
        let position = (self.total - 1.0) * q;
        let whole = position.floor();
        let (a, b) = (self.select(whole), self.select((whole + 1.0).min(self.total - 1.0)));
        lerp(a, b, position - whole)
    }

    fn count(&self, is_before: impl Fn(u64) -> bool) -> f64 {
        let one = |(keys, cumulative): &(&[u64], Option<Vec<f64>>)| {
            let entries = keys.partition_point(|key| is_before(*key));
            match cumulative {
                Some(cumulative) => {
                    entries.checked_sub(1).and_then(|last| cumulative.get(last)).copied().unwrap_or(0.0)
                }
                None => entries as f64,
            }
        };
        self.runs.iter().map(one).sum()
    }
}

fn cumulative(run: &Run) -> Option<Vec<f64>> {
    let mut total = 0.0;
    let add = |weight: &f64| {
        total += weight;
        total
    };
    run.weights().map(|weights| weights.iter().map(add).collect())
}

/// `a + t (b - a)` with NumPy's rounding; no NaN between equal infinities.
pub fn lerp(a: f64, b: f64, t: f64) -> f64 {
    let difference = b - a;
    if a == b {
        a
    } else if t >= 0.5 {
        b - difference * (1.0 - t)
    } else {
        a + difference * t
    }
}
