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
    /// The largest share that any key of several values, for which `counts` holds, has on either side.
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

/// Compares two settled multisets, neither empty. `counts` chooses the keys of
/// [`Distance::largest_share`], where it is wanted.
///
/// A first pass reads the functions only where parts begin. The second leaves
/// out the parts within which they can't come as far apart as that.
pub fn distance(first: &Multiset, second: &Multiset, counts: Option<impl Fn(u64) -> bool>) -> Distance {
    let mut ends = Ends::new(Shares::new(first, second));
    walk(first, second, &mut ends);
    let mut pass = Pass {
        shares: Shares::new(first, second),
        least: (ends.above, ends.below),
        above: Best::NONE,
        below: [Best::NONE; 2],
        counts,
        largest_share: 0.0,
        curve: Vec::new(),
        next: 0.0,
    };
    walk(first, second, &mut pass);
    Distance {
        above: extreme([pass.above, Best::NONE]),
        below: extreme(pass.below),
        curve: pass.curve,
        largest_share: pass.largest_share,
    }
}

/// Both functions at a key.
#[derive(Debug, Clone, Copy)]
struct Shares {
    totals: (f64, f64),
    seen: (f64, f64),
    first: f64,
    second: f64,
}

impl Shares {
    fn new(first: &Multiset, second: &Multiset) -> Self {
        Self { totals: (first.total(), second.total()), seen: (0.0, 0.0), first: 0.0, second: 0.0 }
    }

    fn raise_first(&mut self, weight: f64) {
        self.seen.0 += weight;
        self.first = self.seen.0 / self.totals.0;
    }

    fn raise_second(&mut self, weight: f64) {
        self.seen.1 += weight;
        self.second = self.seen.1 / self.totals.1;
    }
}

/// The largest excesses at the ends of parts.
struct Ends {
    shares: Shares,
    above: f64,
    below: f64,
}

impl Ends {
    fn new(shares: Shares) -> Self {
        Self { shares, above: f64::NEG_INFINITY, below: f64::NEG_INFINITY }
    }
}

impl Visitor for Ends {
    fn enter(&mut self, left: f64, right: f64) -> bool {
        self.shares.raise_first(left);
        self.shares.raise_second(right);
        self.above = self.above.max(self.shares.first - self.shares.second);
        self.below = self.below.max(self.shares.second - self.shares.first);
        false
    }

    fn visit(&mut self, _key: u64, _left: f64, _right: f64) {}
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
    shares: Shares,
    /// What the largest excesses are at least.
    least: (f64, f64),
    above: Best,
    /// The best among values of both samples, and among those of the second alone.
    below: [Best; 2],
    counts: Option<F>,
    largest_share: f64,
    curve: Vec<(f64, f64, f64)>,
    next: f64,
}

impl<F: Fn(u64) -> bool> Pass<F> {
    fn draw(&mut self, key: u64, first: f64, second: f64) {
        // Of a single value the order is known.
        if first + second > 1.0 && self.counts.as_ref().is_some_and(|counts| counts(key)) {
            let totals = self.shares.totals;
            self.largest_share = self.largest_share.max(first / totals.0).max(second / totals.1);
        }
        let (f, g) = (self.shares.first, self.shares.second);
        if f + g >= self.next {
            self.curve.push((number(key), f, g));
            self.next = f + g + 2.0 / (POINTS - 1.0);
        }
    }
}

/// More than rounding can hide of a tie.
const ROUNDING: f64 = 1e-12;

/// The largest and the smallest of the sums so far of `left` for each key on the left and `right` for each other one.
#[inline(never)]
fn bounds(is_left: &[u8], left: i64, right: i64) -> (i64, i64) {
    let (mut sum, mut most, mut least) = (0_i64, i64::MIN, i64::MAX);
    let mut add = |is_left: &u8| {
        sum += right + i64::from(*is_left) * (left - right);
        most = most.max(sum);
        least = least.min(sum);
    };
    let (sixteens, rest) = is_left.as_chunks::<16>();
    for sixteen in sixteens {
        sixteen.iter().for_each(&mut add);
    }
    rest.iter().for_each(add);
    (most, least)
}

// Where only one function rises, only its excess can grow.
impl<F: Fn(u64) -> bool> Visitor for Pass<F> {
    fn enter(&mut self, left: f64, right: f64) -> bool {
        let mut end = self.shares;
        end.raise_first(left);
        end.raise_second(right);
        let is_flat = end.first - self.shares.second < self.least.0 - ROUNDING
            && end.second - self.shares.first < self.least.1 - ROUNDING;
        let is_drawn = end.first + end.second >= self.next;
        let skip = self.counts.is_none() && is_flat && !is_drawn;
        if skip {
            self.shares = end;
        }
        !skip
    }

    fn takes_order(&self) -> bool {
        self.counts.is_none()
    }

    /// Passes over a part in which neither excess comes to what is known of it already.
    fn order(&mut self, is_left: &[u8]) -> bool {
        let (n, m) = self.shares.totals;
        let pairs = n * m;
        if pairs > (1_u64 << 62) as f64 {
            return false;
        }
        let first = is_left.iter().map(|one| u64::from(*one)).sum::<u64>() as f64;
        let mut end = self.shares;
        end.raise_first(first);
        end.raise_second(is_left.len() as f64 - first);
        // A value of the first raises its share by one in n, which is m of all pairs.
        let (most, least) = bounds(is_left, m as i64, -(n as i64));
        let excess = self.shares.first - self.shares.second;
        let above = excess + most as f64 / pairs + ROUNDING;
        let below = -excess - least as f64 / pairs + ROUNDING;
        let known = (self.least.0.max(self.above.distance), self.least.1.max(self.below[1].distance));
        let skip = above < known.0 && below < known.1 && end.first + end.second < self.next;
        if skip {
            self.shares = end;
        }
        skip
    }

    fn visit(&mut self, key: u64, first: f64, second: f64) {
        self.shares.raise_first(first);
        self.shares.raise_second(second);
        self.above.offer(self.shares.first - self.shares.second, key);
        self.below[0].offer(self.shares.second - self.shares.first, key);
        self.draw(key, first, second);
    }

    fn left(&mut self, key: u64, weight: f64) {
        self.shares.raise_first(weight);
        self.above.offer(self.shares.first - self.shares.second, key);
        self.draw(key, weight, 0.0);
    }

    fn right(&mut self, key: u64, weight: f64) {
        self.shares.raise_second(weight);
        self.below[1].offer(self.shares.second - self.shares.first, key);
        self.draw(key, 0.0, weight);
    }
}
