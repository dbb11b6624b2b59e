//! The Anderson-Darling test of two samples, with midranks.
//!
//! F. W. Scholz & M. A. Stephens, "K-Sample Anderson-Darling Tests", Journal of
//! the American Statistical Association 82 (1987), as `scipy.stats.anderson_ksamp`:
//! p-values by a parabola through their table, held within 0.001 and 0.25.

use driftline_numerics::Sum;

use crate::{Outcome, comparison::Tested, doubt::Doubt, pass::Pass, range::Range};

/// Critical values for two samples at the levels 0.25 and 0.001: the ends of the table.
const ENDS: [f64; 2] = [0.325, 6.546];
/// The least-squares parabola through ln(level) over all seven critical values.
const PARABOLA: [f64; 3] = [0.018198094574111343, -1.0082265644652515, -1.077770279820486];

/// The test; there are at least four rows and two distinct values.
///
/// # Errors
/// Where a sketch leaves the statistic without bound.
pub(crate) fn test(pass: &Pass, doubt: Option<&Doubt>) -> Result<Tested, &'static str> {
    let all = pass.n + pass.m;
    let deviation = variance(pass.n, pass.m).sqrt();
    let statistic = |distance: f64| (distance * (all - 1.0) / all - 1.0) / deviation;
    let distance = pass.weighted_distance.value();
    let range = doubt.map(|doubt| Range::of(doubt.weighted_distance));
    if range.is_some_and(|range| !range.high.is_finite()) {
        return Err("the sketch is too coarse to bound its error: choose a larger one");
    }
    let outcome = Outcome { statistic: statistic(distance), p_value: p_value(statistic(distance)) };
    let doubt = range.map(|range| (range.map(statistic), range.map(|distance| p_value(statistic(distance)))));
    Ok(Tested { outcome, doubt })
}

fn p_value(statistic: f64) -> f64 {
    let [a, b, c] = PARABOLA;
    match statistic {
        statistic if statistic < ENDS[0] => 0.25,
        statistic if statistic > ENDS[1] => 0.001,
        statistic => (a * statistic * statistic + b * statistic + c).exp(),
    }
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
