//! The Mann-Whitney U test.
//!
//! H. B. Mann & D. R. Whitney, "On a Test of Whether one of Two Random Variables
//! is Stochastically Larger than the Other", Annals of Mathematical Statistics
//! 18 (1947). Exact for at most eight rows on a side and no ties, by the
//! coefficients of the Gaussian binomial; else the normal approximation
//! with corrections for ties and continuity, as `scipy.stats.mannwhitneyu`.

use driftline_numerics::special::normal_above;

use crate::{Outcome, pass::Pass};

/// Up to this many rows of a side SciPy is exact.
const EXACT: f64 = 8.0;
/// More products of rows than this take the approximation, which is then as good.
const MOST: f64 = 1e6;

/// The test of both directions.
pub(crate) fn test(pass: &Pass) -> Outcome {
    let (n, m, u) = (pass.n, pass.m, pass.above.value());
    let larger = u.max(n * m - u);
    let exact = n.min(m) <= EXACT && pass.largest_tie <= 1.0 && n * m <= MOST;
    let above = match exact.then(|| exact_above(larger, n.min(m), n.max(m))).flatten() {
        Some(above) => above,
        None => {
            let all = n + m;
            let deviation = (n * m / 12.0 * ((all + 1.0) - pass.ties.value() / (all * (all - 1.0)))).sqrt();
            normal_above((larger - n * m / 2.0 - 0.5) / deviation)
        }
    };
    Outcome { statistic: u, p_value: (2.0 * above).min(1.0) }
}

/// The chance of a U of at least `u`; `None` where counts don't fit.
fn exact_above(u: f64, n: f64, m: f64) -> Option<f64> {
    // By symmetry as likely as one of at most this.
    let most = (n * m - u) as usize;
    let (n, m) = (n as usize, m as usize);
    let total = (1..=n as u128).try_fold(1_u128, |total, i| Some(total.checked_mul(m as u128 + i)? / i))?;
    let mut ways = vec![0_u128; most + 1];
    ways[0] = 1;
    // Multiplied by 1 - q^(m + i), divided by 1 - q^i; what wraps on the way comes back.
    for i in 1..=n {
        for at in (m + i..=most).rev() {
            ways[at] = ways[at].wrapping_sub(ways[at - m - i]);
        }
        for at in i..=most {
            ways[at] = ways[at].wrapping_add(ways[at - i]);
        }
    }
    Some(ways.iter().sum::<u128>() as f64 / total as f64)
}
