//! The χ² test of categories.
//!
//! K. Pearson, Philosophical Magazine 50 (1900); the continuity correction of
//! one degree of freedom is F. Yates, Supplement to the Journal of the Royal
//! Statistical Society 1 (1934); V is H. Cramér, "Mathematical Methods of Statistics" (1946).

use crate::{Sum, special::chi_squared_above};

/// What the test gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Pearson's χ²; infinite where a category that can't be was seen.
    pub statistic: f64,
    /// The chance of a statistic at least as large without any difference; NaN of a single category.
    pub p_value: f64,
    /// Degrees of freedom.
    pub freedom: f64,
    /// The strength of the difference, 0 to 1; NaN where it is not defined.
    pub cramers_v: f64,
    /// Expected counts below five, for which the distribution is rough.
    pub small: usize,
}

/// Two samples of categories, given by their counts: are they of one distribution? `correct` asks for Yates' correction.
pub fn contingency(current: &[f64], reference: &[f64], correct: bool) -> Outcome {
    let totals: (f64, f64) = (current.iter().sum(), reference.iter().sum());
    let all = totals.0 + totals.1;
    let freedom = current.len() as f64 - 1.0;
    let expected = |c: f64, r: f64| ((c + r) * totals.0 / all, (c + r) * totals.1 / all);
    let statistic = |correction: f64| -> f64 {
        let term = |observed: f64, expected: f64| {
            let distance = (observed - expected).abs();
            (distance - correction.min(distance)).powi(2) / expected
        };
        let both = |(c, r): (&f64, &f64)| {
            let (ours, theirs) = expected(*c, *r);
            term(*c, ours) + term(*r, theirs)
        };
        current.iter().zip(reference).map(both).collect::<Sum>().value()
    };
    let plain = statistic(0.0);
    let corrected = if correct && freedom == 1.0 { statistic(0.5) } else { plain };
    let sides = current.iter().zip(reference).map(|(c, r)| expected(*c, *r));
    Outcome {
        statistic: corrected,
        p_value: chi_squared_above(corrected, freedom),
        freedom,
        cramers_v: if freedom > 0.0 { (plain / all).sqrt() } else { f64::NAN },
        small: sides.map(|(a, b)| usize::from(a < 5.0) + usize::from(b < 5.0)).sum(),
    }
}

/// One sample against the reference's shares, as if those were known.
pub fn one_sample(current: &[f64], reference: &[f64]) -> Outcome {
    let totals: (f64, f64) = (current.iter().sum(), reference.iter().sum());
    let expected = |r: f64| r * (totals.0 / totals.1);
    let terms = current.iter().zip(reference).map(|(c, r)| (c - expected(*r)).powi(2) / expected(*r));
    let statistic = if reference.contains(&0.0) { f64::INFINITY } else { terms.collect::<Sum>().value() };
    let freedom = current.len() as f64 - 1.0;
    let p_value = if freedom > 0.0 { chi_squared_above(statistic, freedom) } else { f64::NAN };
    let small = reference.iter().filter(|r| expected(**r) < 5.0).count();
    Outcome { statistic, p_value, freedom, cramers_v: f64::NAN, small }
}
