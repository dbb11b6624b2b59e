//! Edges of histogram bins, as `numpy.histogram_bin_edges` chooses them for numbers.

use crate::{Multiset, Sum, quantile::Ranks, run::Run};

/// `count + 1` edges at the quantiles 0, 1/count, … 1, without duplicates.
pub fn quantile_edges(ranks: &Ranks, count: usize) -> Vec<f64> {
    let mut edges: Vec<f64> =
        linspace(0.0, 1.0, count).map(|q| ranks.quantile(q)).filter(|edge| !edge.is_nan()).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges
}

/// `count + 1` edges at equal distances from `low` to `high`, as `numpy.linspace` rounds them.
pub fn equal_edges(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
    linspace(low, high, count).collect()
}

fn linspace(low: f64, high: f64, count: usize) -> impl Iterator<Item = f64> {
    let step = (high - low) / count as f64;
    (0..count).map(move |i| i as f64 * step + low).chain([high])
}

/// How many equal bins Sturges' rule gives: H. A. Sturges, Journal of the American Statistical Association 21 (1926).
pub fn sturges(rows: f64, low: f64, high: f64) -> usize {
    bins_of_width(low, high, (high - low) / (rows.log2() + 1.0))
}

/// How many equal bins Doane's rule gives, which widens Sturges' by the skewness:
/// D. P. Doane, The American Statistician 30 (1976).
pub fn doane(shape: &Shape) -> usize {
    let Extent { rows: n, low, high } = shape.extent;
    let sigma = (shape.second / n).sqrt();
    if n <= 2.0 || sigma <= 0.0 {
        return 1;
    }
    let skewness = shape.third / n / sigma.powi(3);
    let error = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
    bins_of_width(low, high, (high - low) / (1.0 + n.log2() + (1.0 + skewness.abs() / error).log2()))
}

fn bins_of_width(low: f64, high: f64, width: f64) -> usize {
    // A narrow peak far from an outlier must not ask for more bins than anyone reads.
    const MOST: f64 = 1e6;
    if width > 0.0 { ((high - low) / width).ceil().clamp(1.0, MOST) as usize } else { 1 }
}

/// How many finite numbers a multiset has, and their range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// How many there are.
    pub rows: f64,
    /// The smallest; NaN when there is none.
    pub low: f64,
    /// The largest; NaN when there is none.
    pub high: f64,
}

impl Extent {
    /// Looks a few ranks up.
    pub fn of(ranks: &Ranks) -> Self {
        let (from, to) = (ranks.at_most(f64::NEG_INFINITY), ranks.below(f64::INFINITY));
        match to - from {
            0.0 => Self { rows: 0.0, low: f64::NAN, high: f64::NAN },
            rows => Self { rows, low: ranks.select(from), high: ranks.select(to - 1.0) },
        }
    }
}

/// Extent and central shape of the finite numbers of a multiset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// How many there are, and their range.
    pub extent: Extent,
    /// The sum of squared distances from the mean.
    pub second: f64,
    /// The sum of cubed distances from the mean.
    pub third: f64,
}

impl Shape {
    /// Two passes over a settled multiset: the mean, then the distances from it.
    pub fn of(multiset: &Multiset) -> Self {
        let extent = Extent::of(&Ranks::new(multiset));
        let finite = || multiset.runs().iter().flat_map(Run::entries).filter(|(number, _)| number.is_finite());
        let mean = finite().map(|(number, weight)| number * weight).collect::<Sum>().value() / extent.rows;
        let (mut second, mut third) = (Sum::default(), Sum::default());
        for (number, weight) in finite() {
            let distance = number - mean;
            second.add(weight * distance * distance);
            third.add(weight * distance * distance * distance);
        }
        Self { extent, second: second.value(), third: third.value() }
    }
}
