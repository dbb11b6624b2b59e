//! The distance between two empirical distribution functions.

use crate::{
    Multiset,
    key::number,
    walk::{Visitor, walk},
};

/// The most points of the drawn functions.
const POINTS: f64 = 250.0;

/// Where and how much two empirical distribution functions differ most.
#[derive(Debug, Clone, PartialEq)]
pub struct Distance {
    /// The largest excess of the first over the second, at least 0.
    pub above: Extreme,
    /// The largest excess of the second over the first, at least 0.
    pub below: Extreme,
    /// Value, first and second function at selected values, ascending.
    pub curve: Vec<(f64, f64, f64)>,
    /// The largest share that any key for which `counts` holds has on either side.
    pub largest_share: f64,
}

/// A difference and the value at which it is reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extreme {
    /// The size of the difference.
    pub distance: f64,
    /// The smallest such value, one of the first sample before one of the second (as `scipy.stats.ks_2samp` has it).
    pub location: f64,
}

/// Compares two settled multisets, neither empty. `counts` chooses the keys of [`Distance::largest_share`].
pub fn distance(first: &Multiset, second: &Multiset, counts: impl Fn(u64) -> bool) -> Distance {
    let mut pass = Pass {
        totals: (first.total(), second.total()),
        seen: (0.0, 0.0),
        above: [Best::NONE; 2],
        below: [Best::NONE; 2],
        counts,
        largest_share: 0.0,
        curve: Vec::new(),
        next: 0.0,
    };
    walk(first, second, &mut pass);
    Distance {
        above: extreme(pass.above),
        below: extreme(pass.below),
        curve: pass.curve,
        largest_share: pass.largest_share,
    }
}

#[derive(Debug, Clone, Copy)]
struct Best {
    distance: f64,
    key: u64,
}

impl Best {
    const NONE: Self = Self { distance: f64::NEG_INFINITY, key: 0 };

    fn offer(&mut self, distance: f64, key: u64) {
        if distance > self.distance {
            *self = Self { distance, key };
        }
    }
}

fn extreme([first, second]: [Best; 2]) -> Extreme {
    let best = if first.distance >= second.distance { first } else { second };
    Extreme { distance: best.distance.clamp(0.0, 1.0), location: number(best.key) }
}

struct Pass<F> {
    totals: (f64, f64),
    seen: (f64, f64),
    /// The best among values of the first sample, and among those of the second alone.
    above: [Best; 2],
    below: [Best; 2],
    counts: F,
    largest_share: f64,
    curve: Vec<(f64, f64, f64)>,
    next: f64,
}

impl<F: Fn(u64) -> bool> Visitor for Pass<F> {
    fn visit(&mut self, key: u64, first: f64, second: f64) {
        self.seen.0 += first;
        self.seen.1 += second;
        let (f, g) = (self.seen.0 / self.totals.0, self.seen.1 / self.totals.1);
        let sample = usize::from(first == 0.0);
        self.above[sample].offer(f - g, key);
        self.below[sample].offer(g - f, key);
        if (self.counts)(key) {
            self.largest_share = self.largest_share.max(first / self.totals.0).max(second / self.totals.1);
        }
        if f + g >= self.next {
            self.curve.push((number(key), f, g));
            self.next = f + g + 2.0 / (POINTS - 1.0);
        }
    }
}
