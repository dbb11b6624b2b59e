//! What a sketch leaves open: how far the sums of [`Pass`](crate::pass::Pass) can be off.
//!
//! Values that share a coarse key may lie in any order and be tied in any way,
//! but all of them lie between the values of the neighbouring keys. For each
//! such key the extremes of what it adds over all orders and ties are taken.

use driftline_numerics::{
    Multiset, Sum, key,
    walk::{Visitor, walk},
};

use crate::{
    pass::{squares_to, ties},
    range::Range,
};

/// The ranges of the pass's sums, where some keys are coarse.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Doubt {
    /// Whether any key stands for values whose bits it has not kept.
    pub(crate) is_coarse: bool,
    /// By how much `above` is off at most.
    pub(crate) above: f64,
    pub(crate) ties: (Sum, Sum),
    pub(crate) rank_distance: (Sum, Sum),
    pub(crate) weighted_distance: (Sum, Sum),
    /// For each side the sum of squared shares times the widths of their keys.
    areas: (Sum, Sum),
    bits: u32,
    n: f64,
    m: f64,
    seen: (f64, f64),
}

/// The values of one coarse key: `c` of the window after `a`, `r` of the reference after `b`.
#[derive(Clone, Copy)]
struct Group {
    a: f64,
    b: f64,
    c: f64,
    r: f64,
}

impl Doubt {
    /// Reads two settled multisets of keys with so many bits, neither empty.
    pub(crate) fn over(current: &Multiset, reference: &Multiset, bits: u32) -> Self {
        let mut doubt = Self { bits, n: current.total(), m: reference.total(), ..Self::default() };
        walk(current, reference, &mut doubt);
        doubt
    }

    /// By how much the energy distance is off at most: it is a norm, and no side's distribution function is farther from
    /// the sketch's than a key's share, over the width of the key.
    pub(crate) fn energy(&self) -> f64 {
        (2.0 * self.areas.0.value()).sqrt() + (2.0 * self.areas.1.value()).sqrt()
    }

    /// Cramér-von Mises: with P pairs of the group in which the window's value is the larger, the rows of the window
    /// lie x above `b` and those of the reference y above `a`, where Σx = P ≤ r for each, Σy = cr - P.
    fn rank_distance(&self, group: Group) -> Range {
        let Group { a, b, c, r } = group;
        let (n, m) = (self.n, self.m);
        let pairs = c * r;
        let slope = 2.0 * (n * b - m * a);
        let fixed = n * c * b * b + m * r * a * a + 2.0 * m * a * pairs;
        let least = |p: f64| {
            let (x, y) = (if c > 0.0 { p * p / c } else { 0.0 }, if r > 0.0 { (pairs - p).powi(2) / r } else { 0.0 });
            slope * p + n * x + m * y
        };
        let most = |p: f64| slope * p + n * r * p + m * c * (pairs - p);
        let lowest = if pairs > 0.0 { (2.0 * m * c - slope) / (2.0 * n / c + 2.0 * m / r) } else { 0.0 };
        let tied = (n * ties(c) + m * ties(r)) / 12.0;
        Range { low: fixed + least(lowest.clamp(0.0, pairs)), high: fixed + most(0.0).max(most(pairs)) + tied }
    }

    /// Anderson-Darling: what a row adds is the squared distance of the functions over a spread, both of which lie
    /// between those at the ends of the group. The spread is concave in how many rows lie before and up to a value.
    fn weighted_distance(&self, group: Group) -> Range {
        let Group { a, b, c, r } = group;
        let (n, m, all) = (self.n, self.m, self.n + self.m);
        let (from, to) = (a + b, a + b + c + r);
        let spread = |before: f64, up_to: f64| all * (3.0 * before + up_to) / 4.0 - (before + up_to).powi(2) / 4.0;
        let narrowest = spread(from, from + 1.0).min(spread(from, to)).min(spread(to - 1.0, to));
        let top = ((all + 1.0) / 2.0).clamp(from + 1.0, to);
        let distance = Range { low: a / n - (b + r) / m, high: (a + c) / n - b / m };
        let most = distance.low.abs().max(distance.high.abs());
        let least = if distance.low <= 0.0 && distance.high >= 0.0 {
            0.0
        } else {
            most.min(distance.low.abs()).min(distance.high.abs())
        };
        let rows = (c + r) * n * m;
        Range {
            low: rows * least * least / spread(top - 1.0, top),
            high: if narrowest > 0.0 { rows * most * most / narrowest } else { f64::INFINITY },
        }
    }

    /// The same of values that are all tied.
    fn tied(&self, group: Group) -> (f64, f64) {
        let Group { a, b, c, r } = group;
        let (n, m, all, tied) = (self.n, self.m, self.n + self.m, c + r);
        let middle = (tied + 1.0) / 2.0;
        let ranks = n * squares_to(b + middle, c) + m * squares_to(a + middle, r);
        let half = a + b + tied / 2.0;
        let spread = half * (all - half) - all * tied / 4.0;
        let distance = (a + c / 2.0) / n - (b + r / 2.0) / m;
        (ranks, if spread > 0.0 { tied * n * m * distance * distance / spread } else { 0.0 })
    }
}

impl Visitor for Doubt {
    fn visit(&mut self, key: u64, c: f64, r: f64) {
        let group = Group { a: self.seen.0, b: self.seen.1, c, r };
        let is_coarse = key::is_coarse(key, self.bits);
        self.is_coarse |= is_coarse;
        let (ranks, weighted) = self.tied(group);
        let (mut ranks, mut weighted, mut tied) =
            (Range::exactly(ranks), Range::exactly(weighted), Range::exactly(ties(c + r)));
        if is_coarse && c + r > 1.0 {
            self.above += c * r / 2.0;
            tied.low = 0.0;
            (ranks, weighted) = (self.rank_distance(group), self.weighted_distance(group));
        }
        for (sums, range) in
            [(&mut self.ties, tied), (&mut self.rank_distance, ranks), (&mut self.weighted_distance, weighted)]
        {
            sums.0.add(range.low);
            sums.1.add(range.high);
        }
        if is_coarse {
            let (low, high) = key::cell(key, self.bits);
            self.areas.0.add((high - low) * (c / self.n).powi(2));
            self.areas.1.add((high - low) * (r / self.m).powi(2));
        }
        self.seen = (group.a + c, group.b + r);
    }
}
