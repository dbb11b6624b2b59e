//! The one-sided tail of one sample.

use std::f64::consts::PI;

use crate::Sum;

/// Above this the sum has too many terms, and the formula's error is below 1e-9 of the value where it matters.
const MOST_TERMS: f64 = 1_000_000.0;

/// The chance that the empirical distribution of `n` rows exceeds the true one by `x` somewhere, `0 < x < 1`.
///
/// Smirnov's sum `x Σ C(n, j) (x + j/n)^(j-1) (1 - x - j/n)^(n-j)`. With
/// `p = x + j/n` a term is a binomial probability over `p`, which is evaluated
/// without cancellation by C. Loader, "Fast and Accurate Computation of Binomial
/// Probabilities" (2000). Above a million rows, as in SciPy, `exp(-(6nx + 1)²/18n)`.
pub(super) fn tail(n: f64, x: f64) -> f64 {
    if n > MOST_TERMS {
        return (-(6.0 * n * x + 1.0).powi(2) / 18.0 / n).exp();
    }
    let last = (n * (1.0 - x)).floor();
    // Terms fall off on both sides of the largest, which lies near the middle.
    let middle = (last / 2.0).floor();
    let mut sum = Sum::default();
    let mut add = |j: f64| {
        let term = term(n, x, j);
        sum.add(term);
        // What remains on this side is too small to matter.
        term * n > sum.value() * 1e-18
    };
    let (mut up, mut down) = (middle, middle - 1.0);
    while up <= last && add(up) {
        up += 1.0;
    }
    while down >= 0.0 && add(down) {
        down -= 1.0;
    }
    (x * sum.value()).min(1.0)
}

fn term(n: f64, x: f64, j: f64) -> f64 {
    let p = x + j / n;
    let rest = 1.0 - p;
    if j == 0.0 {
        return (n * (-x).ln_1p()).exp() / x;
    }
    if rest <= 0.0 {
        // The last term of all: zero to the power zero when it falls on the end.
        return if j == n { p.powf(n - 1.0) } else { 0.0 };
    }
    if j == n {
        return p.powf(n - 1.0);
    }
    let k = n - j;
    // np = j + nx and n(1 - p) = k - nx.
    let log = stirling_error(n) - stirling_error(j) - stirling_error(k) - deviance(j, n * x) - deviance(k, -n * x);
    (n / (2.0 * PI * j * k)).sqrt() * log.exp() / p
}

/// `ln n! - ln(√(2πn) (n/e)^n)` for whole n of at least 1.
fn stirling_error(n: f64) -> f64 {
    const EXACT: [f64; 16] = [
        0.0,
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_3,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_093,
        0.016_644_691_189_821_193,
        0.013_876_128_823_070_748,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_096,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
        0.007_573_675_487_951_841,
        0.006_942_840_107_209_53,
        0.006_408_994_188_004_207,
        0.005_951_370_112_758_848,
        0.005_554_733_551_962_801,
    ];
    if n < 16.0 {
        return EXACT[n as usize];
    }
    let square = n * n;
    let series = 1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square;
    (1.0 / 12.0 - (1.0 / 360.0 - series / square) / square) / n
}

/// `x ln(x/m) + m - x` for `m = x + shift`, without cancellation for small shifts.
fn deviance(x: f64, shift: f64) -> f64 {
    let mean = x + shift;
    if shift.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() + shift;
    }
    let v = -shift / (x + mean);
    let square = v * v;
    let mut sum = -shift * v;
    let mut power = 2.0 * x * v;
    let mut odd = 3.0;
    loop {
        power *= square;
        let next = sum + power / odd;
        if next == sum {
            return sum;
        }
        sum = next;
        odd += 2.0;
    }
}
