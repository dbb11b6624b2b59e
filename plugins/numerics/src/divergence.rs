//! Distances of two lists of shares.
//!
//! Jensen-Shannon: D. M. Endres & J. E. Schindelin, "A New Metric for
//! Probability Distributions", IEEE Transactions on Information Theory 49
//! (2003), as `scipy.spatial.distance.jensenshannon`. Kullback-Leibler: S.
//! Kullback & R. A. Leibler, Annals of Mathematical Statistics 22 (1951).
//! Hellinger, total variation and L-infinity: A. L. Gibbs & F. E. Su, "On
//! Choosing and Bounding Probability Metrics", International Statistical Review 70 (2002).

use crate::Sum;

/// The square root of the Jensen-Shannon divergence, in units of `ln_base`.
pub fn jensen_shannon(p: &[f64], q: &[f64], ln_base: f64) -> f64 {
    let half = |x: f64, y: f64| if x > 0.0 { x * (2.0 * x / (x + y)).ln() } else { 0.0 };
    let sum: Sum = pairs(p, q).map(|(x, y)| half(x, y) + half(y, x)).collect();
    (sum.value().max(0.0) / 2.0 / ln_base).sqrt()
}

/// The divergence of `q` from `p`, in nats; infinite where only `q` lacks a bin.
pub fn kullback_leibler(p: &[f64], q: &[f64]) -> f64 {
    let (all_p, all_q): (f64, f64) = (p.iter().sum(), q.iter().sum());
    let term = |(x, y): (f64, f64)| if x > 0.0 { x / all_p * ((x / all_p) / (y / all_q)).ln() } else { 0.0 };
    pairs(p, q).map(term).collect::<Sum>().value()
}

/// From 0 to 1.
pub fn hellinger(p: &[f64], q: &[f64]) -> f64 {
    let sum: Sum = pairs(p, q).map(|(x, y)| (x.sqrt() - y.sqrt()).powi(2)).collect();
    (sum.value() / 2.0).sqrt()
}

/// Half of the sum of differences.
pub fn total_variation(p: &[f64], q: &[f64]) -> f64 {
    pairs(p, q).map(|(x, y)| (x - y).abs()).collect::<Sum>().value() / 2.0
}

/// The largest difference.
pub fn l_infinity(p: &[f64], q: &[f64]) -> f64 {
    pairs(p, q).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

fn pairs<'a>(p: &'a [f64], q: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    p.iter().copied().zip(q.iter().copied())
}
