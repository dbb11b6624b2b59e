//! Tests of how often values occur.
//!
//! The z test of two proportions, pooled, as Evidently has it; the G test is R. R. Sokal
//! & F. J. Rohlf, "Biometry" (1981), as `scipy.stats.chi2_contingency` with the
//! log-likelihood ratio and no correction.

use crate::{
    Sum,
    special::{chi_squared_above, normal_above},
};

/// A test's statistic, and how likely one as large is without any difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The statistic.
    pub statistic: f64,
    /// The chance.
    pub p_value: f64,
}

/// The window's share of the last of two values less the reference's; `None` of more values than two.
pub fn z_proportions(current: &[f64], reference: &[f64]) -> Option<Outcome> {
    let totals: (f64, f64) = (current.iter().sum(), reference.iter().sum());
    match (current, reference) {
        ([_], _) => Some(Outcome { statistic: 0.0, p_value: 1.0 }),
        ([_, ours], [_, theirs]) => {
            let (p, q) = (ours / totals.0, theirs / totals.1);
            let pooled = (ours + theirs) / (totals.0 + totals.1);
            let statistic = (p - q) / (pooled * (1.0 - pooled) * (1.0 / totals.0 + 1.0 / totals.1)).sqrt();
            Some(Outcome { statistic, p_value: 2.0 * normal_above(statistic.abs()) })
        }
        _ => None,
    }
}

/// Twice the log of the likelihood ratio.
pub fn g_test(current: &[f64], reference: &[f64]) -> Outcome {
    let totals: (f64, f64) = (current.iter().sum(), reference.iter().sum());
    let all = totals.0 + totals.1;
    let term = |observed: f64, expected: f64| if observed > 0.0 { observed * (observed / expected).ln() } else { 0.0 };
    let both = |(c, r): (&f64, &f64)| {
        let value = c + r;
        term(*c, value * totals.0 / all) + term(*r, value * totals.1 / all)
    };
    let statistic = (2.0 * current.iter().zip(reference).map(both).collect::<Sum>().value()).max(0.0);
    Outcome { statistic, p_value: chi_squared_above(statistic, current.len() as f64 - 1.0) }
}
