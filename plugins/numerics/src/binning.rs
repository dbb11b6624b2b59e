//! Which bins there are, and how many cells fall into each.

use std::collections::BTreeSet;

use driftline_sdk::{Chart, Kind, schemars, schemars::JsonSchema};
use serde::{Deserialize, Serialize};

use crate::{
    bins::{self, Shape},
    column::Column,
    key::number,
    quantile::Ranks,
    walk::walk,
};

/// The most bins drawn.
const DRAWN: usize = 50;
/// Distinct values of the reference up to which Evidently makes one bin for each.
const EVIDENTLY_DISTINCT: usize = 20;

/// Counts of the cells of both sides, bin by bin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// What the bins hold, for people.
    pub names: Vec<String>,
    /// Cells of the current side.
    pub current: Vec<f64>,
    /// Cells of the reference.
    pub reference: Vec<f64>,
    /// What the user should know of the bins.
    pub note: Option<String>,
}

impl Counts {
    /// Whether a side has no cells in any bin.
    pub fn lacks_a_side(&self) -> bool {
        self.current.iter().sum::<f64>() == 0.0 || self.reference.iter().sum::<f64>() == 0.0
    }

    /// Shares of both sides as bars: of more than fifty bins those that differ most.
    pub fn chart(&self) -> Chart {
        let (current, reference) = (shares(&self.current), shares(&self.reference));
        let mut drawn: Vec<usize> = (0..self.names.len()).collect();
        if drawn.len() > DRAWN {
            let distance = |bin: &usize| (current[*bin] - reference[*bin]).abs();
            drawn.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
            drawn.truncate(DRAWN);
            drawn.sort_unstable();
        }
        let of = |shares: &[f64]| drawn.iter().map(|bin| shares[*bin]).collect::<Vec<_>>();
        let names = drawn.iter().map(|bin| self.names[*bin].clone()).collect();
        Chart::bars("Shares", "value", "share of rows", names)
            .heights("reference", of(&reference))
            .heights("current", of(&current))
    }

    fn push(&mut self, name: impl Into<String>, current: f64, reference: f64) {
        self.names.push(name.into());
        self.current.push(current);
        self.reference.push(reference);
    }
}

/// Each count relative to their sum.
pub fn shares(counts: &[f64]) -> Vec<f64> {
    let total: f64 = counts.iter().sum();
    counts.iter().map(|count| count / total).collect()
}

/// Shares with what Evidently puts in the place of zeros.
pub fn fill_as_evidently(shares: &[f64]) -> Vec<f64> {
    let smallest = shares.iter().copied().filter(|share| *share > 0.0).fold(f64::INFINITY, f64::min);
    let stand_in = if smallest <= 1e-4 { smallest / 1e6 } else { 1e-4 };
    shares.iter().map(|share| if *share == 0.0 { stand_in } else { *share }).collect()
}

/// How bins are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
pub enum Binning {
    /// At the reference's quantiles.
    #[default]
    Quantile,
    /// At equal distances over the reference's range.
    EqualWidth,
    /// So too, as many as Sturges' rule says.
    Sturges,
    /// So too, as many as Doane's rule says.
    Doane,
}

/// Where numbers are cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cuts<'a> {
    /// The rule.
    pub binning: Binning,
    /// How many bins, where the rule leaves that open.
    pub bins: u32,
    /// The edges themselves, in place of a rule; the outer ones are taken as infinite.
    pub edges: Option<&'a [f64]>,
}

/// Counts for columns read as `kind`, missing cells in a bin of their own where there are any; the reference has cells
/// that are present.
pub fn count(current: &Column, reference: &Column, kind: Kind, cuts: Cuts) -> Counts {
    let mut counts = match kind {
        Kind::Category => labels(current, reference),
        Kind::Number | Kind::Timestamp => numbers(current, reference, cuts),
    };
    if current.missing + reference.missing > 0 {
        counts.push("missing", current.missing as f64, reference.missing as f64);
    }
    counts
}

/// Counts by Evidently's rules: missing and infinite cells are dropped.
pub fn count_as_evidently(current: &Column, reference: &Column, kind: Kind) -> Counts {
    match kind {
        Kind::Category => labels(current, reference),
        Kind::Number | Kind::Timestamp => evidently_numbers(current, reference),
    }
}

/// Counts of numbers in the bins that Evidently's Hellinger distance uses: Sturges' over the distinct finite values of both sides.
pub fn count_distinct_as_evidently(current: &Column, reference: &Column) -> Counts {
    let mut values = Vec::new();
    walk(&current.numbers, &reference.numbers, &mut |key, _, _| values.push(number(key)));
    values.retain(|value| value.is_finite());
    let (Some(low), Some(high)) = (values.first(), values.last()) else { return Counts::default() };
    let count = bins::sturges(values.len() as f64, *low, *high);
    within(&bins::equal_edges(*low, *high, count), current, reference)
}

/// Counts of each distinct value, infinities included and missing cells left out.
pub fn count_values(current: &Column, reference: &Column, kind: Kind) -> Counts {
    if kind == Kind::Category {
        return labels(current, reference);
    }
    let mut counts = Counts::default();
    walk(&current.numbers, &reference.numbers, &mut |key, current, reference| {
        counts.push(number(key).to_string(), current, reference);
    });
    counts
}

/// Counts by NannyML's rules: Doane's bins of the reference, the last one closed,
/// and one more for what lies outside; missing and infinite cells are dropped.
pub fn count_as_nannyml(current: &Column, reference: &Column, kind: Kind) -> Counts {
    if kind == Kind::Category {
        return labels(current, reference);
    }
    let shape = Shape::of(&reference.numbers);
    let edges = bins::equal_edges(shape.low, shape.high, bins::doane(&shape));
    let mut counts = within(&edges, current, reference);
    let outside = Shape::of(&current.numbers).rows - counts.current.iter().sum::<f64>();
    if outside > 0.0 {
        counts.push("outside", outside, 0.0);
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

fn numbers(current: &Column, reference: &Column, cuts: Cuts) -> Counts {
    let (ours, theirs) = (Ranks::new(&current.numbers), Ranks::new(&reference.numbers));
    let edges = cuts.edges.map_or_else(|| edges(reference, &theirs, cuts), <[f64]>::to_vec);
    let inner = edges.get(1..edges.len().saturating_sub(1)).unwrap_or_default();
    if !inner.is_empty() || cuts.edges.is_some() {
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

fn edges(reference: &Column, ranks: &Ranks, cuts: Cuts) -> Vec<f64> {
    let count = cuts.bins as usize;
    if cuts.binning == Binning::Quantile {
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
    match cuts.binning {
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
    within(&edges, current, reference)
}

/// Counts between the edges of a histogram as NumPy makes it, the last bin closed; what lies outside is left out.
fn within(edges: &[f64], current: &Column, reference: &Column) -> Counts {
    let (last, inner) = edges.split_last().unwrap_or((&f64::INFINITY, &[]));
    let cuts: Vec<Cut> = inner.iter().map(|edge| Cut::Before(*edge)).chain([Cut::After(*last)]).collect();
    let mut counts = between(&cuts, &Ranks::new(&current.numbers), &Ranks::new(&reference.numbers));
    for side in [&mut counts.current, &mut counts.reference] {
        side.pop();
        side.remove(0);
    }
    counts.names.pop();
    counts.names.remove(0);
    counts
}
