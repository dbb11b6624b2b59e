//! Bins by Evidently's rules; missing and infinite cells are dropped.

use driftline_sdk::Kind;

use super::{
    Counts,
    cut::within,
    values::{is_varied, labels},
};
use crate::{
    Column,
    bins::{self, Extent},
    key::number,
    quantile::Ranks,
    walk::walk,
};

/// Distinct values of the reference up to which there is one bin for each.
const DISTINCT: usize = 20;

/// Counts in Sturges' bins over both sides together, the last one closed, or one for each value where they are few.
pub fn count(current: &Column, reference: &Column, kind: Kind) -> Counts {
    if kind == Kind::Category {
        return labels(current, reference);
    }
    if !is_varied(&reference.numbers, DISTINCT) {
        let mut counts = Counts::default();
        walk(&current.numbers, &reference.numbers, &mut |key, current, reference| {
            let value = number(key);
            if value.is_finite() {
                counts.push(value.to_string(), current, reference);
            }
        });
        return counts;
    }
    let (ours, theirs) = (Ranks::new(&current.numbers), Ranks::new(&reference.numbers));
    let (our, their) = (Extent::of(&ours), Extent::of(&theirs));
    let (low, high) = (their.low.min(our.low), their.high.max(our.high));
    let edges = bins::equal_edges(low, high, bins::sturges(our.rows + their.rows, low, high));
    within(&edges, &ours, &theirs)
}

/// Counts of numbers in the bins of its Hellinger distance: Sturges' over the distinct finite values of both sides.
pub fn count_distinct(current: &Column, reference: &Column) -> Counts {
    let (mut distinct, mut ends) = (0.0, None);
    walk(&current.numbers, &reference.numbers, &mut |key, _, _| {
        let value = number(key);
        if value.is_finite() {
            distinct += 1.0;
            ends = Some((ends.map_or(value, |(low, _)| low), value));
        }
    });
    let Some((low, high)) = ends else { return Counts::default() };
    let edges = bins::equal_edges(low, high, bins::sturges(distinct, low, high));
    within(&edges, &Ranks::new(&current.numbers), &Ranks::new(&reference.numbers))
}

/// Shares with what it puts in the place of zeros.
pub fn fill(shares: &[f64]) -> Vec<f64> {
    let smallest = shares.iter().copied().filter(|share| *share > 0.0).fold(f64::INFINITY, f64::min);
    let stand_in = if smallest <= 1e-4 { smallest / 1e6 } else { 1e-4 };
    shares.iter().map(|share| if *share == 0.0 { stand_in } else { *share }).collect()
}
