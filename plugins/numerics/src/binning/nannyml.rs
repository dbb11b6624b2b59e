//! Bins by NannyML's rules; missing and infinite cells are dropped.

use driftline_sdk::Kind;

use super::{Counts, cut::within, labels};
use crate::{
    Column,
    bins::{self, Shape},
    quantile::Ranks,
};

/// Counts in Doane's bins of the reference, the last one closed, and one more for what lies outside.
pub fn count(current: &Column, reference: &Column, kind: Kind) -> Counts {
    if kind == Kind::Category {
        return labels(current, reference);
    }
    let shape = Shape::of(&reference.numbers);
    let edges = bins::equal_edges(shape.low, shape.high, bins::doane(&shape));
    let mut counts = within(&edges, &Ranks::new(&current.numbers), &Ranks::new(&reference.numbers));
    let outside = Shape::of(&current.numbers).rows - counts.current.iter().sum::<f64>();
    if outside > 0.0 {
        counts.push("outside", outside, 0.0);
    }
    counts
}
