//! Edges of histogram bins, as `numpy.histogram_bin_edges` chooses them for numbers.

use crate::{Multiset, Sum, key::number, quantile::Ranks, walk::walk};

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
    let n = shape.rows;
    let (low, high) = (shape.low, shape.high);
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

/// Size, range and central shape of the finite numbers of a multiset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// How many finite numbers there are.
    pub rows: f64,
    /// How many of them are distinct.
    pub distinct: usize,
    /// The smallest; NaN when there is none.
    pub low: f64,
    /// The largest; NaN when there is none.
    pub high: f64,
    /// The sum of squared distances from the mean.
    pub second: f64,
    /// The sum of cubed distances from the mean.
    pub third: f64,
}

impl Shape {
    /// Two passes over a settled multiset: the mean, then the distances from it.
    pub fn of(multiset: &Multiset) -> Self {
        let nothing = Multiset::default();
        let (mut sum, mut rows, mut distinct, mut ends) = (Sum::default(), 0.0, 0, None);
        walk(multiset, &nothing, &mut |key, weight, _| {
            let value = number(key);
            if value.is_finite() {
                sum.add(value * weight);
                rows += weight;
                distinct += 1;
                ends = Some((ends.map_or(value, |(low, _)| low), value));
            }
        });
        let mean = sum.value() / rows;
        let (mut second, mut third) = (Sum::default(), Sum::default());
        walk(multiset, &nothing, &mut |key, weight, _| {
            let distance = number(key) - mean;
            if distance.is_finite() {
                second.add(weight * distance * distance);
                third.add(weight * distance * distance * distance);
            }
        });
        let (low, high) = ends.unwrap_or((f64::NAN, f64::NAN));
        Self { rows, distinct, low, high, second: second.value(), third: third.value() }
    }
}
