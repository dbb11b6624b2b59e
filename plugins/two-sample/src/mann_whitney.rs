//! The Mann-Whitney U test.
//!
//! H. B. Mann & D. R. Whitney, "On a Test of Whether one of Two Random Variables
//! is Stochastically Larger than the Other", Annals of Mathematical Statistics
//! 18 (1947). Exact for at most eight rows on a side and no ties, by the
//! coefficients of the Gaussian binomial; else the normal approximation
//! with corrections for ties and continuity, as `scipy.stats.mannwhitneyu`.

use driftline_numerics::special::normal_above;

use crate::{Outcome, comparison::Tested, doubt::Doubt, pass::Pass, range::Range};

/// Up to this many rows of a side SciPy is exact.
const EXACT: f64 = 8.0;
/// More products of rows than this take the approximation, which is then as good.
const MOST: f64 = 1e6;

/// The test of both directions.
///
/// # Errors
/// Where a sketch leaves open whether values are tied, on which the method depends.
pub(crate) fn test(pass: &Pass, doubt: Option<&Doubt>) -> Result<Tested, &'static str> {
    let (n, m, u) = (pass.n, pass.m, pass.above.value());
    let larger = u.max(n * m - u);
    let may_be_exact = n.min(m) <= EXACT && n * m <= MOST;
    if may_be_exact && doubt.is_some() && pass.largest_tie > 1.0 {
        return Err("it takes more than eight values on each side: a sketch does not tell whether fewer are tied");
    }
    let exact = may_be_exact && pass.largest_tie <= 1.0;
    if let Some(above) = exact.then(|| exact_above(larger, n.min(m), n.max(m))).flatten() {
        return Ok(Tested::exactly(Outcome { statistic: u, p_value: p_value(above) }));
    }
    let chance = |larger: f64, ties: f64| p_value(approximate_above(larger, ties, n, m));
    let outcome = Outcome { statistic: u, p_value: chance(larger, pass.ties.value()) };
    let doubt = doubt.map(|doubt| {
        let statistic = Range { low: u - doubt.above, high: u + doubt.above };
        // It rises or falls in each of the two: its extremes are at corners.
        let ties = Range::of(doubt.ties);
        let sizes = [(larger - doubt.above).max(n * m / 2.0), larger + doubt.above];
        let corners = sizes.iter().flat_map(|larger| [ties.low, ties.high].map(|ties| chance(*larger, ties)));
        let p_value = corners.fold(Range { low: 1.0, high: 0.0 }, |range, p_value| Range {
            low: range.low.min(p_value),
            high: range.high.max(p_value),
        });
        (statistic, p_value)
    });
    Ok(Tested { outcome, doubt })
}

fn p_value(above: f64) -> f64 {
    (2.0 * above).min(1.0)
}

/// The chance of a U of at least `larger`, by the normal approximation.
fn approximate_above(larger: f64, ties: f64, n: f64, m: f64) -> f64 {
    let all = n + m;
    let variance = n * m / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    normal_above((larger - n * m / 2.0 - 0.5) / variance.max(0.0).sqrt())
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
