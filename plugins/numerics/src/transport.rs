//! The first Wasserstein distance: the area between the two distribution functions.
//!
//! S. S. Vallender, "Calculation of the Wasserstein Distance Between
//! Probability Distributions on the Line", Theory of Probability and its Applications 18 (1974).

use crate::{
    Multiset, Sum,
    key::number,
    walk::{Visitor, walk},
};

/// Points of the drawn functions.
const POINTS: f64 = 250.0;

/// The distance, and both functions at selected values.
#[derive(Debug, Clone, PartialEq)]
pub struct Transport {
    /// How far values would have to move on average.
    pub distance: f64,
    /// Value, first and second function.
    pub curve: Vec<(f64, f64, f64)>,
}

/// Compares two settled multisets of finite numbers, neither empty.
pub fn transport(current: &Multiset, reference: &Multiset) -> Transport {
    let mut pass = Pass {
        totals: (current.total(), reference.total()),
        seen: (0.0, 0.0),
        last: None,
        distance: Sum::default(),
        curve: Vec::new(),
        next: 0.0,
    };
    walk(current, reference, &mut pass);
    Transport { distance: pass.distance.value(), curve: pass.curve }
}

struct Pass {
    totals: (f64, f64),
    seen: (f64, f64),
    last: Option<f64>,
    distance: Sum,
    curve: Vec<(f64, f64, f64)>,
    next: f64,
}

impl Visitor for Pass {
    fn visit(&mut self, key: u64, current: f64, reference: f64) {
        let value = number(key);
        let (ours, theirs) = (self.seen.0 / self.totals.0, self.seen.1 / self.totals.1);
        if let Some(last) = self.last.replace(value) {
            self.distance.add((ours - theirs).abs() * (value - last));
        }
        self.seen = (self.seen.0 + current, self.seen.1 + reference);
        if ours + theirs >= self.next {
            self.curve.push((value, self.seen.0 / self.totals.0, self.seen.1 / self.totals.1));
            self.next = ours + theirs + 2.0 / (POINTS - 1.0);
        }
    }
}
