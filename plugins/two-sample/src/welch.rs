//! Welch's t test.
//!
//! B. L. Welch, "The Generalization of Student's Problem when Several Different
//! Population Variances are Involved", Biometrika 34 (1947), as
//! `scipy.stats.ttest_ind` without equal variances.

use driftline_numerics::{Moments, special::student_outside};

use crate::Outcome;

/// The test of both directions; `None` where a side has fewer than two rows or neither varies.
pub(crate) fn test(current: &Moments, reference: &Moments) -> Option<Outcome> {
    let (n, m) = (current.weight(), reference.weight());
    if n < 2.0 || m < 2.0 {
        return None;
    }
    let (a, b) = (current.variance(1.0) / n, reference.variance(1.0) / m);
    if a + b == 0.0 {
        return None;
    }
    let statistic = -current.distance(reference) / (a + b).sqrt();
    let freedom = (a + b) * (a + b) / (a * a / (n - 1.0) + b * b / (m - 1.0));
    Some(Outcome { statistic, p_value: student_outside(statistic, freedom) })
}
