//! Which bins there are, and how many cells fall into each.

use std::collections::BTreeSet;

use driftline_numerics::{
    bins::{self, Shape},
    key::number,
    quantile::Ranks,
    walk::walk,
};
use driftline_sdk::prelude::*;

use crate::{
    column::Column,
    parameters::{Binning, Mode, Parameters},
};

/// Distinct values of the reference up to which Evidently makes one bin for each.
const EVIDENTLY_DISTINCT: usize = 20;

/// Counts of the cells of both sides, bin by bin.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Counts {
    pub(crate) names: Vec<String>,
    pub(crate) current: Vec<f64>,
    pub(crate) reference: Vec<f64>,
    /// What the user should know of the bins.
    pub(crate) note: Option<String>,
}

impl Counts {
    fn push(&mut self, name: impl Into<String>, current: f64, reference: f64) {
        self.names.push(name.into());
        self.current.push(current);
        self.reference.push(reference);
    }
}

/// Counts for columns read as `kind`; the reference has cells that are present.
pub(crate) fn count(current: &Column, reference: &Column, kind: Kind, parameters: &Parameters) -> Counts {
    let evidently = parameters.mode == Mode::Evidently;
    let mut counts = match kind {
        Kind::Category => labels(current, reference),
        _ if evidently => evidently_numbers(current, reference),
        _ => numbers(current, reference, parameters),
    };
    if !evidently && current.missing + reference.missing > 0 {
        counts.push("missing", current.missing as f64, reference.missing as f64);
    }
    counts
}

fn labels(current: &Column, reference: &Column) -> Counts {
    let all: BTreeSet<&String> = current.labels.keys().chain(reference.labels.keys()).collect();
    let mut counts = Counts::default();
    for label in all {
        let of = |column: &Column| column.labels.get(label).copied().unwrap_or(0) as f64;
        counts.push(label, of(current), of(reference));
    }
    counts
}

/// Where one bin ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    Before(f64),
    After(f64),
}

fn numbers(current: &Column, reference: &Column, parameters: &Parameters) -> Counts {
    let (ours, theirs) = (Ranks::new(&current.numbers), Ranks::new(&reference.numbers));
    let edges = parameters.edges.clone().unwrap_or_else(|| edges(reference, &theirs, parameters));
    let inner = edges.get(1..edges.len().saturating_sub(1)).unwrap_or_default();
    if !inner.is_empty() || parameters.edges.is_some() {
        let cuts: Vec<Cut> = inner.iter().map(|edge| Cut::Before(*edge)).collect();
        return between(&cuts, &ours, &theirs);
    }
    // One bin would never show any drift: let the few edges be bins of their own.
    let cuts: Vec<Cut> = edges.iter().flat_map(|edge| [Cut::Before(*edge), Cut::After(*edge)]).collect();
    let mut counts = between(&cuts, &ours, &theirs);
    let values: Vec<String> = edges.iter().map(f64::to_string).collect();
    counts.note = Some(format!("the reference is mostly {}: bins of their own", values.join(" and ")));
    counts
}

fn edges(reference: &Column, ranks: &Ranks, parameters: &Parameters) -> Vec<f64> {
    let count = parameters.bins as usize;
    if parameters.binning == Binning::Quantile {
        return bins::quantile_edges(ranks, count);
    }
    let shape = Shape::of(&reference.numbers);
    let (low, high) = (shape.low, shape.high);
    if low.is_nan() {
        // Nothing but infinities.
        return Vec::new();
    }
    if low == high {
        return vec![low];
    }
    match parameters.binning {
        Binning::Sturges => bins::equal_edges(low, high, bins::sturges(shape.rows, low, high)),
        Binning::Doane => bins::equal_edges(low, high, bins::doane(&shape)),
        Binning::EqualWidth | Binning::Quantile => bins::equal_edges(low, high, count),
    }
}

fn between(cuts: &[Cut], current: &Ranks, reference: &Ranks) -> Counts {
    let side = |ranks: &Ranks| {
        let up_to = cuts.iter().map(|cut| match cut {
            Cut::Before(edge) => ranks.below(*edge),
            Cut::After(edge) => ranks.at_most(*edge),
        });
        let mut before = 0.0;
        up_to.chain([ranks.total()]).map(|count| count - core::mem::replace(&mut before, count)).collect()
    };
    let ends: Vec<Option<Cut>> = [None].into_iter().chain(cuts.iter().copied().map(Some)).chain([None]).collect();
    let names = ends.windows(2).map(|ends| name(ends[0], ends[1])).collect();
    Counts { names, current: side(current), reference: side(reference), note: None }
}

fn name(from: Option<Cut>, to: Option<Cut>) -> String {
    let short = |edge: f64| format!("{edge:.5e}").parse::<f64>().unwrap_or(edge);
    let from = match from {
        None => "(-∞".to_owned(),
        Some(Cut::Before(edge)) => format!("[{}", short(edge)),
        Some(Cut::After(edge)) => format!("({}", short(edge)),
    };
    match to {
        None => format!("{from}, ∞)"),
        Some(Cut::Before(edge)) => format!("{from}, {})", short(edge)),
        Some(Cut::After(edge)) => format!("{from}, {}]", short(edge)),
    }
}

/// Evidently's bins: Sturges' over both sides together, the last one closed, or one for each value.
fn evidently_numbers(current: &Column, reference: &Column) -> Counts {
    let (ours, theirs) = (Shape::of(&current.numbers), Shape::of(&reference.numbers));
    if theirs.distinct <= EVIDENTLY_DISTINCT {
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
    let inner = edges.iter().take(edges.len() - 1).map(|edge| Cut::Before(*edge));
    let cuts: Vec<Cut> = inner.chain([Cut::After(high)]).collect();
    let mut counts = between(&cuts, &Ranks::new(&current.numbers), &Ranks::new(&reference.numbers));
    // What lies outside the finite range are infinities, which Evidently drops.
    for side in [&mut counts.current, &mut counts.reference] {
        side.pop();
        side.remove(0);
    }
    counts.names.pop();
    counts.names.remove(0);
    counts
}
