//! The distribution for large samples.

use std::f64::consts::PI;

/// The chance of a statistic of at most `x`.
///
/// Pelz & Good, "Approximating the Lower Tail-areas of the Kolmogorov-Smirnov
/// One-sample Statistic", Journal of the Royal Statistical Society B 38 (1976):
/// `K0(z) + K1(z)/√n + K2(z)/n + K3(z)/n^1.5` with `z = x√n`, each K a theta series.
pub(super) fn pelz_good(n: f64, x: f64) -> f64 {
    const SMALLEST_LOG: f64 = -708.0;
    let z = n.sqrt() * x;
    let log_q = -PI.powi(2) / 8.0 / z.powi(2);
    if log_q < SMALLEST_LOG {
        return 0.0;
    }
    let terms = (16.0 * z / PI).ceil() as i32;
    let mut sums = odd_sums(z, log_q.exp(), terms);
    let scale = (2.0 * PI).sqrt();
    let powers = [z, 6.0 * z.powi(4), 72.0 * z.powi(7), 6480.0 * z.powi(10)];
    for (sum, power) in sums.iter_mut().zip(powers) {
        *sum *= scale / power;
    }
    let (second, third) = whole_sums(z, terms);
    sums[2] += second * PI.powi(2) * scale / (-36.0 * z.powi(3));
    sums[3] += third * PI.powi(2) * scale / (216.0 * z.powi(6));
    sums.iter().enumerate().map(|(i, sum)| sum / n.powf(i as f64 / 2.0)).sum()
}

/// Sums over odd integers, by Horner's scheme in `q`.
fn odd_sums(z: f64, q: f64, terms: i32) -> [f64; 4] {
    let (z2, z4, z6) = (z.powi(2), z.powi(4), z.powi(6));
    let (pi2, pi4, pi6) = (PI.powi(2), PI.powi(4), PI.powi(6));
    let k2 = [6.0 * z6 + 2.0 * z4, (2.0 * z4 - 5.0 * z2) * pi2 / 4.0, pi4 * (1.0 - 2.0 * z2) / 16.0];
    let k3 = [
        -30.0 * z6 - 90.0 * z.powi(8),
        pi2 * (135.0 * z4 - 96.0 * z6) / 4.0,
        pi4 * (-60.0 * z2 + 212.0 * z4) / 16.0,
        pi6 * (5.0 - 30.0 * z2) / 64.0,
    ];
    let mut sums = [0.0; 4];
    for k in (1..=terms).rev() {
        let m2 = f64::from(2 * k - 1).powi(2);
        let (m4, m6) = (m2 * m2, m2 * m2 * m2);
        let coefficients =
            [1.0, -z2 + pi2 / 4.0 * m2, k2[0] + k2[1] * m2 + k2[2] * m4, k3[0] + k3[1] * m2 + k3[2] * m4 + k3[3] * m6];
        let power = q.powi(8 * k);
        for (sum, coefficient) in sums.iter_mut().zip(coefficients) {
            *sum = *sum * power + coefficient;
        }
    }
    sums.map(|sum| sum * q)
}

/// Sums over all integers, for K2 and K3.
fn whole_sums(z: f64, terms: i32) -> (f64, f64) {
    let q = (-PI.powi(2) / 2.0 / z.powi(2)).exp();
    let root = 3_f64.sqrt() * z;
    (1..=terms).rev().fold((0.0, 0.0), |(second, third), k| {
        let (square, angle) = (f64::from(k).powi(2), PI * f64::from(k));
        let term = square * q.powf(square);
        (second + term, third + (root + angle) * (root - angle) * term)
    })
}
