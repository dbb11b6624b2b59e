//! Which bins there are, and how many cells fall into each.

mod cut;
pub mod evidently;
pub mod nannyml;
pub mod scouter;
mod values;

use driftline_sdk::{Chart, Kind, schemars, schemars::JsonSchema};
use serde::{Deserialize, Serialize};

pub use self::values::{count_few_values, count_values};
use self::{
    cut::{Cut, between},
    values::labels,
};
use crate::{
    bins::{self, Extent, Shape},
    column::Column,
    key::{self, number},
    quantile::Ranks,
};

/// The most bins drawn.
const DRAWN: usize = 50;

/// Counts of the cells of both sides, bin by bin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// What the bins hold, for people.
    pub names: Vec<String>,
    /// Cells of the current side.
    pub current: Vec<f64>,
    /// Cells of the reference.
    pub reference: Vec<f64>,
    /// Cells of the current side that no bin takes; shares are of them too.
    pub left_out: f64,
    /// How far a share can be off because a sketch does not know on which side of an edge some cells lie.
    pub uncertain: f64,
    /// What the user should know of the bins.
    pub note: Option<String>,
}

impl Counts {
    /// Whether a side has no cells in any bin.
    pub fn lacks_a_side(&self) -> bool {
        self.current.iter().sum::<f64>() == 0.0 || self.reference.iter().sum::<f64>() == 0.0
    }

    /// Shares of the current side and of the reference.
    pub fn shares(&self) -> (Vec<f64>, Vec<f64>) {
        let of = |counts: &[f64], all: f64| counts.iter().map(|count| count / all).collect();
        let totals = (self.current.iter().sum::<f64>(), self.reference.iter().sum());
        (of(&self.current, totals.0 + self.left_out), of(&self.reference, totals.1))
    }

    /// What the user should know, the error of a sketch included.
    pub fn remark(&self) -> Option<String> {
        let sketch = (self.uncertain > 0.0)
            .then(|| format!("from a sketch; no bin's share differs by more than {:.1e}", self.uncertain));
        let remarks: Vec<String> = self.note.iter().cloned().chain(sketch).collect();
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }

    /// Shares of both sides as bars: of more than fifty bins those that differ most.
    pub fn chart(&self) -> Chart {
        let (current, reference) = self.shares();
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
    let mut counts = count_present(current, reference, kind, cuts);
    if current.missing + reference.missing > 0 {
        counts.push("missing", current.missing as f64, reference.missing as f64);
    }
    counts
}

/// The same, missing cells left out.
pub fn count_present(current: &Column, reference: &Column, kind: Kind, cuts: Cuts) -> Counts {
    match kind {
        Kind::Category => labels(current, reference),
        Kind::Number | Kind::Timestamp => numbers(current, reference, cuts),
    }
}

fn numbers(current: &Column, reference: &Column, cuts: Cuts) -> Counts {
    let (ours, theirs) = (Ranks::new(&current.numbers), Ranks::new(&reference.numbers));
    let edges = cuts.edges.map_or_else(|| edges(reference, &theirs, cuts), <[f64]>::to_vec);
    let inner = edges.get(1..edges.len().saturating_sub(1)).unwrap_or_default();
    if !inner.is_empty() || cuts.edges.is_some() {
        let cuts: Vec<Cut> = inner.iter().map(|edge| Cut::Before(*edge)).collect();
        let uncertain = reference.sketch.map_or(0.0, |bits| uncertain(inner, bits, &[&ours, &theirs]));
        return Counts { uncertain, ..between(&cuts, &ours, &theirs) };
    }
    // One bin would never show any drift: let the few edges be bins of their own.
    let cuts: Vec<Cut> = edges.iter().flat_map(|edge| [Cut::Before(*edge), Cut::After(*edge)]).collect();
    let mut counts = between(&cuts, &ours, &theirs);
    let values: Vec<String> = edges.iter().map(f64::to_string).collect();
    counts.note = Some(format!("the reference is mostly {}: bins of their own", values.join(" and ")));
    counts
}

/// The largest share of the cells about an edge that one key stands for; a bin has two edges.
fn uncertain(edges: &[f64], bits: u32, sides: &[&Ranks]) -> f64 {
    let about = |edge: &f64, side: &Ranks| match key::coarse(key::key(*edge), bits) {
        key if key::is_coarse(key, bits) => {
            (side.at_most(number(key)) - side.below(number(key))) / side.total().max(1.0)
        }
        _ => 0.0,
    };
    let all = edges.iter().flat_map(|edge| sides.iter().map(move |side| about(edge, side)));
    2.0 * all.fold(0.0, f64::max)
}

fn edges(reference: &Column, ranks: &Ranks, cuts: Cuts) -> Vec<f64> {
    let count = cuts.bins as usize;
    if cuts.binning == Binning::Quantile {
        return bins::quantile_edges(ranks, count);
    }
    let Extent { rows, low, high } = Extent::of(ranks);
    if low.is_nan() {
        // Nothing but infinities.
        return Vec::new();
    }
    if low == high {
        return vec![low];
    }
    match cuts.binning {
        Binning::Sturges => bins::equal_edges(low, high, bins::sturges(rows, low, high)),
        Binning::Doane => bins::equal_edges(low, high, bins::doane(&Shape::of(&reference.numbers))),
        Binning::EqualWidth | Binning::Quantile => bins::equal_edges(low, high, count),
    }
}
