//! The Cramér-von Mises test.
//!
//! T. W. Anderson, "On the Distribution of the Two-Sample Cramér-von Mises
//! Criterion", Annals of Mathematical Statistics 33 (1962); exact for at most 20
//! rows on a side by Y. Xiao, A. Gordon & A. Yakovlev, Journal of Statistical
//! Software 17 (2006); else the limit of S. Csörgő & J. J. Faraway, Journal of
//! the Royal Statistical Society B 58 (1996), as `scipy.stats.cramervonmises_2samp`.

use core::f64::consts::PI;

use crate::{Outcome, comparison::Tested, doubt::Doubt, pass::Pass, range::Range};

const EXACT: f64 = 20.0;
/// Terms of the series for the limit that are left out; so much its sum is off.
const SERIES: f64 = 1e-7;

/// The test; each side has at least two rows.
pub(crate) fn test(pass: &Pass, doubt: Option<&Doubt>) -> Tested {
    let (n, m) = (pass.n, pass.m);
    let (k, all) = (n * m, n + m);
    let statistic = |u: f64| u / (k * all) - (4.0 * k - 1.0) / (6.0 * all);
    let p_value = |u: f64| if n.max(m) <= EXACT { exact(u, n, m) } else { limit(statistic(u), n, m) };
    let u = pass.rank_distance.value();
    let range = doubt.map(|doubt| Range::of(doubt.rank_distance));
    Tested {
        outcome: Outcome { statistic: statistic(u), p_value: p_value(u) },
        doubt: range.map(|range| (range.map(statistic), range.map(p_value).widened(SERIES))),
    }
}

/// The share of all orders of rows with a U of at least `u`.
fn exact(u: f64, n: f64, m: f64) -> f64 {
    let (rows, columns) = (n as i64, m as i64);
    let common = lcm(rows, columns);
    let (a, b) = (common / rows, common / columns);
    let least =
        (common.pow(2) as f64 * (n + m) * (6.0 * u - n * m * (4.0 * n * m - 1.0)) / (6.0 * (n * m).powi(2))).floor();
    // How often each sum of squared distances occurs on the paths to each corner.
    let mut paths: Vec<Vec<(i64, u64)>> = vec![Vec::new(); rows as usize + 1];
    if let Some(first) = paths.first_mut() {
        first.push((0, 1));
    }
    for down in 0..=columns {
        let mut before: Vec<(i64, u64)> = Vec::new();
        for (across, place) in (0..).zip(&mut paths) {
            let step = (a * across - b * down).pow(2);
            let joined = join(&before, place);
            before = joined.into_iter().map(|(sum, count)| (sum + step, count)).collect();
            place.clone_from(&before);
        }
    }
    let last = paths.pop().unwrap_or_default();
    let count =
        |keep: &dyn Fn(i64) -> bool| -> u64 { last.iter().filter(|(sum, _)| keep(*sum)).map(|(_, count)| count).sum() };
    count(&|sum| sum as f64 >= least) as f64 / count(&|_| true) as f64
}

fn join(a: &[(i64, u64)], b: &[(i64, u64)]) -> Vec<(i64, u64)> {
    let mut all: Vec<(i64, u64)> = a.iter().chain(b).copied().collect();
    all.sort_by_key(|(sum, _)| *sum);
    all.chunk_by(|x, y| x.0 == y.0).map(|same| (same[0].0, same.iter().map(|(_, count)| count).sum())).collect()
}

fn lcm(a: i64, b: i64) -> i64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

fn limit(statistic: f64, n: f64, m: f64) -> f64 {
    let (k, all) = (n * m, n + m);
    let mean = (1.0 + 1.0 / all) / 6.0;
    let variance = (all + 1.0) * (4.0 * k * all - 3.0 * (n * n + m * m) - 2.0 * k) / (45.0 * all * all * 4.0 * k);
    let scaled = 1.0 / 6.0 + (statistic - mean) / (45.0 * variance).sqrt();
    if scaled >= 0.003 { (1.0 - below(scaled)).max(0.0) } else { 1.0 }
}

/// The limit's distribution function; the series ends where SciPy's does.
fn below(x: f64) -> f64 {
    let (mut sum, mut ratio, mut k) = (0.0, PI.sqrt(), 0.0_f64);
    loop {
        let y: f64 = 4.0 * k + 1.0;
        let term = ratio / (PI.powf(1.5) * x.sqrt()) * y.sqrt() * scaled_bessel(y * y / (16.0 * x));
        sum += term;
        if term.abs() < SERIES {
            return sum;
        }
        k += 1.0;
        // Γ(k + 1/2) / Γ(k + 1).
        ratio *= (k - 0.5) / k;
    }
}

/// exp(-q) K(q) for the modified Bessel function of order 1/4: the integral of
/// exp(-q (1 + cosh t)) cosh(t / 4) from zero on, for which the trapezoidal rule is as good as exact.
fn scaled_bessel(q: f64) -> f64 {
    let step = 0.1 / (1.0 + q).sqrt();
    let value = |t: f64| (-q * (1.0 + t.cosh())).exp() * (t / 4.0).cosh();
    let mut sum = value(0.0) / 2.0;
    let mut t = step;
    loop {
        let term = value(t);
        sum += term;
        t += step;
        if term <= sum * 1e-18 {
            return sum * step;
        }
    }
}
