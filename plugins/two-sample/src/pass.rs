//! One pass over both sides in order: the sums that the rank tests share.

use driftline_numerics::{
    Multiset, Sum,
    key::number,
    walk::{Visitor, walk},
};

/// What the pass gives. `n` and `m` are the rows of the window and of the reference.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pass {
    pub(crate) n: f64,
    pub(crate) m: f64,
    /// Pairs in which the window's value is above the reference's, ties counting half.
    pub(crate) above: Sum,
    /// The sum of t³ - t over groups of t equal values.
    pub(crate) ties: Sum,
    /// The largest group of equal values.
    pub(crate) largest_tie: f64,
    /// Cramér-von Mises' U.
    pub(crate) rank_distance: Sum,
    /// Anderson-Darling's sum over both sides.
    pub(crate) weighted_distance: Sum,
    /// The integral of (F - G)².
    pub(crate) squared_area: Sum,
    pub(crate) distinct: u64,
    seen: (f64, f64),
    last: f64,
}

impl Pass {
    /// Reads two settled multisets of finite numbers, neither empty.
    pub(crate) fn over(current: &Multiset, reference: &Multiset) -> Self {
        let mut pass = Self { n: current.total(), m: reference.total(), ..Self::default() };
        walk(current, reference, &mut pass);
        pass
    }

    /// Adds a group of equal values to Anderson-Darling's sum (F. W. Scholz & M. A. Stephens, equation 7).
    fn weigh_distance(&mut self, c: f64, r: f64) {
        let (all, tied) = (self.n + self.m, c + r);
        let middle = self.seen.0 + self.seen.1 + tied / 2.0;
        let spread = middle * (all - middle) - all * tied / 4.0;
        if spread > 0.0 {
            let side = |rows: f64, up_to: f64| (all * up_to - middle * rows).powi(2) / spread / rows;
            let both = side(self.n, self.seen.0 + c / 2.0) + side(self.m, self.seen.1 + r / 2.0);
            self.weighted_distance.add(tied / all * both);
        }
    }
}

/// What a group of equal values adds to the ties.
pub(crate) fn ties(count: f64) -> f64 {
    count * count * count - count
}

/// The sum of (d - j)² over j = 1, 2, … count.
pub(crate) fn squares_to(d: f64, count: f64) -> f64 {
    count * d * d - d * count * (count + 1.0) + count * (count + 1.0) * (2.0 * count + 1.0) / 6.0
}

impl Visitor for Pass {
    fn visit(&mut self, key: u64, c: f64, r: f64) {
        let (value, tied, (a, b)) = (number(key), c + r, self.seen);
        if self.distinct > 0 {
            self.squared_area.add((a / self.n - b / self.m).powi(2) * (value - self.last));
        }
        self.above.add(c * (b + r / 2.0));
        if tied > 1.0 {
            self.ties.add(ties(tied));
        }
        self.largest_tie = self.largest_tie.max(tied);
        // A rank less the row's own place is as if only the other side came before.
        let middle = (tied + 1.0) / 2.0;
        self.rank_distance.add(self.n * squares_to(b + middle, c));
        self.rank_distance.add(self.m * squares_to(a + middle, r));
        self.weigh_distance(c, r);
        self.seen = (a + c, b + r);
        self.last = value;
        self.distinct += 1;
    }
}
