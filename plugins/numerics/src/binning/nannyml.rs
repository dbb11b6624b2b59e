//! Bins by NannyML's rules; missing and infinite cells are dropped.

use driftline_sdk::Kind;

use super::{Counts, cut::within, labels};
use crate::{
    Column,
    bins::{self, Extent, Shape},
    quantile::Ranks,
};

/// Counts in Doane's bins of the reference, the last one closed, and one more for what lies outside.
pub fn count(current: &Column, reference: &Column, kind: Kind) -> Counts {
    if kind == Kind::Category {
        return labels(current, reference);
    }
    let shape = Shape::of(&reference.numbers);
    let edges = bins::equal_edges(shape.extent.low, shape.extent.high, bins::doane(&shape));
    let ours = Ranks::new(&current.numbers);
    let mut counts = within(&edges, &ours, &Ranks::new(&reference.numbers));
    let outside = Extent::of(&ours).rows - counts.current.iter().sum::<f64>();
    if outside > 0.0 {
        counts.push("outside", outside, 0.0);
    }
    counts
}
