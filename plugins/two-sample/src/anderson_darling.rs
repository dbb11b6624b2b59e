//! The Anderson-Darling test of two samples, with midranks.
//!
//! F. W. Scholz & M. A. Stephens, "K-Sample Anderson-Darling Tests", Journal of
//! the American Statistical Association 82 (1987), as `scipy.stats.anderson_ksamp`:
//! p-values by a parabola through their table, held within 0.001 and 0.25.

use driftline_numerics::Sum;

use crate::{Outcome, pass::Pass};

/// Critical values for two samples at the levels 0.25 and 0.001: the ends of the table.
const ENDS: [f64; 2] = [0.325, 6.546];
/// The least-squares parabola through ln(level) over all seven critical values.
const PARABOLA: [f64; 3] = [0.018198094574111343, -1.0082265644652515, -1.077770279820486];

/// The test; there are at least four rows and two distinct values.
pub(crate) fn test(pass: &Pass) -> Outcome {
    let all = pass.n + pass.m;
    let distance = pass.weighted_distance.value() * (all - 1.0) / all;
    let statistic = (distance - 1.0) / variance(pass.n, pass.m).sqrt();
    let [a, b, c] = PARABOLA;
    let p_value = match statistic {
        statistic if statistic < ENDS[0] => 0.25,
        statistic if statistic > ENDS[1] => 0.001,
        statistic => (a * statistic * statistic + b * statistic + c).exp(),
    };
    Outcome { statistic, p_value }
}

/// The variance of the distance, equation 4 for two samples.
fn variance(n: f64, m: f64) -> f64 {
    const K: f64 = 2.0;
    let all = n + m;
    let inverse = 1.0 / n + 1.0 / m;
    let (mut harmonic, mut pairs, mut i) = (Sum::default(), Sum::default(), all - 1.0);
    while i >= 2.0 {
        harmonic.add(1.0 / i);
        pairs.add(harmonic.value() / (all - i + 1.0));
        i -= 1.0;
    }
    let (h, g) = (harmonic.value() + 1.0, pairs.value());
    let a = (4.0 * g - 6.0) * (K - 1.0) + (10.0 - 6.0 * g) * inverse;
    let b = (2.0 * g - 4.0) * K * K + 8.0 * h * K + (2.0 * g - 14.0 * h - 4.0) * inverse - 8.0 * h + 4.0 * g - 6.0;
    let c = (6.0 * h + 2.0 * g - 2.0) * K * K + (4.0 * h - 4.0 * g + 6.0) * K + (2.0 * h - 6.0) * inverse + 4.0 * h;
    let d = (2.0 * h + 6.0) * K * K - 4.0 * h * K;
    (((a * all + b) * all + c) * all + d) / ((all - 1.0) * (all - 2.0) * (all - 3.0))
}
