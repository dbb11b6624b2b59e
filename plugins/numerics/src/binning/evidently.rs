//! Bins by Evidently's rules; missing and infinite cells are dropped.

use driftline_sdk::Kind;

use super::{Counts, cut::within, labels};
use crate::{
    Column,
    bins::{self, Shape},
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
    let (ours, theirs) = (Shape::of(&current.numbers), Shape::of(&reference.numbers));
    if theirs.distinct <= DISTINCT {
        let mut counts = Counts::default();
        walk(&current.numbers, &reference.numbers, &mut |key, current, reference| {
            let value = number(key);
            if value.is_finite() {
                counts.push(value.to_string(), current, reference);
            }
        });
        return counts;
    }
    let (low, high) = (theirs.low.min(ours.low), theirs.high.max(ours.high));
    let edges = bins::equal_edges(low, high, bins::sturges(ours.rows + theirs.rows, low, high));
    within(&edges, &Ranks::new(&current.numbers), &Ranks::new(&reference.numbers))
}

/// Counts of numbers in the bins of its Hellinger distance: Sturges' over the distinct finite values of both sides.
pub fn count_distinct(current: &Column, reference: &Column) -> Counts {
    let mut values = Vec::new();
    walk(&current.numbers, &reference.numbers, &mut |key, _, _| values.push(number(key)));
    values.retain(|value| value.is_finite());
    let (Some(low), Some(high)) = (values.first(), values.last()) else { return Counts::default() };
    let count = bins::sturges(values.len() as f64, *low, *high);
    let edges = bins::equal_edges(*low, *high, count);
    within(&edges, &Ranks::new(&current.numbers), &Ranks::new(&reference.numbers))
}

/// Shares with what it puts in the place of zeros.
pub fn fill(shares: &[f64]) -> Vec<f64> {
    let smallest = shares.iter().copied().filter(|share| *share > 0.0).fold(f64::INFINITY, f64::min);
    let stand_in = if smallest <= 1e-4 { smallest / 1e6 } else { 1e-4 };
    shares.iter().map(|share| if *share == 0.0 { stand_in } else { *share }).collect()
}
