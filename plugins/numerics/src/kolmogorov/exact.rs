//! The exact tail for two samples, by counting lattice paths.
//!
//! J. L. Hodges, "The Significance Probability of the Smirnov Two-Sample Test",
//! Arkiv för Matematik 3 (1958). A path from (0, 0) to (m, n) is an order of the
//! pooled samples; the statistic is at least `h / lcm(m, n)` when it leaves a band.

use super::Alternative;

/// The statistic rounded to a possible value, and its tail; `None` when the sizes are too large or numbers overflow.
pub(super) fn tail(d: f64, n1: u64, n2: u64, alternative: Alternative) -> Option<(f64, f64)> {
    let divisor = gcd(n1, n2);
    let (m, n) = (n1.max(n2), n1.min(n2));
    // SciPy's bound, within which all integers here fit.
    if (n1 / divisor) as f64 >= f64::from(i32::MAX) / (n2 / divisor) as f64 {
        return None;
    }
    let multiple = n1 / divisor * n2;
    let h = (d * multiple as f64).round_ties_even() as u64;
    let statistic = h as f64 / multiple as f64;
    let p = match (alternative, h) {
        (_, 0) => 1.0,
        (Alternative::TwoSided, h) if m == n => outside_square(n as i64, h as i64),
        (Alternative::TwoSided, h) => outside_band(m as i64, n as i64, divisor as i64, h as i64),
        (_, h) if m == n => (0..h).map(|j| (n - j) as f64 / ((n + j) as f64 + 1.0)).product(),
        (_, h) => below_diagonal(m as i64, n as i64, divisor as i64, h as i64)?,
    };
    (0.0..=1.0).contains(&p).then_some((statistic, p))
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Equal sizes: `2 (C(2n, n-h) - C(2n, n-2h) + …) / C(2n, n)`, by Horner's scheme.
fn outside_square(n: i64, h: i64) -> f64 {
    let ratio = |k: i64| (0..h).fold(1.0, |p, j| (n - k * h - j) as f64 * p / (n + k * h + j + 1) as f64);
    2.0 * (0..=n / h).rev().fold(0.0, |p, k| ratio(k) * (1.0 - p))
}

/// The share of paths that leave the band `|nx - my| < h g`: one column of
/// shares at a time, only the part of it that lies inside the band.
fn outside_band(m: i64, n: i64, g: i64, h: i64) -> f64 {
    let (mg, ng) = (m / g, n / g);
    let up = |a: i64| -(-a).div_euclid(mg);
    let (mut first, mut end) = (0, up(h).min(n + 1));
    let mut shares = vec![1.0; (2 * end + 2).min(n + 1) as usize];
    shares[..end as usize].fill(0.0);
    for x in 1..=m {
        let (last_first, last_length) = (first, end - first);
        first = ((ng * x - h).div_euclid(mg) + 1).max(0).min(n);
        end = up(ng * x + h).min(n + 1);
        if end <= first {
            return 1.0;
        }
        let mut share = if first == 0 { 0.0 } else { 1.0 };
        for y in first..end {
            share = (shares[(y - last_first) as usize] * x as f64 + share * y as f64) / (x + y) as f64;
            shares[(y - first) as usize] = share;
        }
        for outside in end - first..last_length {
            shares[outside as usize] = 1.0;
        }
    }
    shares[(end - first - 1) as usize]
}

/// The share of paths that somewhere satisfy `m y <= n x - h g`; `None` on overflow.
fn below_diagonal(m: i64, n: i64, g: i64, h: i64) -> Option<f64> {
    let all = binomial(m + n, n);
    if all.is_infinite() {
        return None;
    }
    let (mg, ng) = (m / g, n / g);
    let points = n + (mg - h).div_euclid(mg);
    if points == 0 {
        return Some(1.0);
    }
    let x: Vec<i64> = (0..points).map(|j| (h + mg * j + ng - 1).div_euclid(ng)).collect();
    let mut first_time = Vec::<f64>::with_capacity(x.len());
    for (j, xj) in (0..).zip(&x) {
        let before: f64 =
            (0..).zip(&x).zip(&first_time).map(|((i, xi), paths)| binomial(xj - xi + j - i, j - i) * paths).sum();
        first_time.push(binomial(xj + j, j) - before);
    }
    let paths: f64 =
        (0..).zip(&x).zip(&first_time).map(|((j, xj), paths)| paths * binomial(m - xj + n - j, n - j)).sum();
    paths.is_finite().then_some(paths / all)
}

/// `C(n, k)`, infinite on overflow.
fn binomial(n: i64, k: i64) -> f64 {
    let k = k.min(n - k);
    (1..=k).fold(1.0, |product, i| product * (n - k + i) as f64 / i as f64)
}
