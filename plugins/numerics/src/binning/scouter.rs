//! Bins by Scouter's rules: closed on the right, missing cells in none.

use driftline_sdk::Kind;

use super::{
    Binning, Counts, Cuts,
    cut::{Cut, between},
    edges, labels,
};
use crate::{Column, quantile::Ranks};

/// Counts in the reference's bins. Missing cells of the window and categories that only it has are in no bin, but among
/// those of which shares are taken.
pub fn count(current: &Column, reference: &Column, kind: Kind, cuts: Cuts) -> Counts {
    if kind == Kind::Category {
        let mut counts = labels(current, reference);
        let known: Vec<bool> = counts.reference.iter().map(|count| *count > 0.0).collect();
        counts.left_out = keep(&mut counts.current, &known) + current.missing as f64;
        keep(&mut counts.reference, &known);
        let mut at = known.iter();
        counts.names.retain(|_| *at.next().unwrap_or(&false));
        return counts;
    }
    let ranks = Ranks::new(&reference.numbers);
    let inner = match (cuts.edges, cuts.binning) {
        (None, Binning::Quantile) => quantiles(&ranks, cuts.bins),
        (given, _) => {
            let edges = given.map_or_else(|| edges(reference, &ranks, cuts), <[f64]>::to_vec);
            edges.get(1..edges.len().saturating_sub(1)).unwrap_or_default().to_vec()
        }
    };
    let cuts: Vec<Cut> = inner.into_iter().map(Cut::After).collect();
    let counts = between(&cuts, &Ranks::new(&current.numbers), &ranks);
    Counts { left_out: current.missing as f64, ..counts }
}

/// The inner quantiles by type 7 in Hyndman & Fan's own words, whose rounding is not NumPy's: a bin edge an ulp off
/// moves all rows of a tied value.
fn quantiles(ranks: &Ranks, bins: u32) -> Vec<f64> {
    let n = ranks.total();
    let quantile = |i: u32| {
        let p = f64::from(i) / f64::from(bins);
        let position = n * p + (1.0 - p);
        let rank = position.floor();
        let g = position - rank;
        (1.0 - g) * ranks.select(rank - 1.0) + g * ranks.select(rank.min(n - 1.0))
    };
    // Between infinities there is no such number.
    (1..bins).map(quantile).filter(|edge| !edge.is_nan()).collect()
}

/// Keeps the marked counts and gives the sum of the others.
fn keep(counts: &mut Vec<f64>, marked: &[bool]) -> f64 {
    let mut dropped = 0.0;
    let mut at = marked.iter();
    counts.retain(|count| {
        let kept = *at.next().unwrap_or(&false);
        dropped += if kept { 0.0 } else { *count };
        kept
    });
    dropped
}
