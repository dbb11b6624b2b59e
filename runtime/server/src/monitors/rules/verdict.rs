//! What a threshold evaluates to for a value.

use driftline_core::Output;

use crate::wire::{Change, ChangeDirection, ChangeFrom, Threshold};

/// What a value is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Basis<'a> {
    /// The values over the reference's own periods.
    pub periods: &'a [f64],
    /// The value over the reference.
    pub reference: Option<f64>,
    /// The value of the window before.
    pub previous: Option<f64>,
}

/// The bounds of a threshold; a value outside is a breach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bounds {
    /// Less is a breach.
    pub lower: Option<f64>,
    /// More is a breach.
    pub upper: Option<f64>,
    /// How they came about.
    pub note: Option<String>,
}

/// The bounds of a threshold that is no test of p-values, for a value if there is one.
///
/// # Errors
/// Why there are none.
pub fn bounds(threshold: &Threshold, output: &Output, value: Option<f64>, basis: Basis<'_>) -> Result<Bounds, String> {
    if let Some(constant) = threshold.constant {
        return Ok(Bounds { lower: constant.lower, upper: constant.upper, note: None });
    }
    if let Some(sigma) = threshold.sigma {
        return around(sigma.k, output, basis.periods);
    }
    match threshold.change {
        Some(change) => changed(change, value, basis),
        None => Err("it has no rule".into()),
    }
}

/// The mean plus and minus `k` standard deviations of the population, clipped to the range, as NannyML's
/// `StandardDeviationThreshold` has it.
fn around(k: f64, output: &Output, periods: &[f64]) -> Result<Bounds, String> {
    if periods.is_empty() {
        return Err("the reference has no period with a value".into());
    }
    let n = periods.len() as f64;
    let mean = periods.iter().sum::<f64>() / n;
    let deviation = (periods.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    let (low, high) = output.range;
    let clip = |bound: f64| bound.max(low.unwrap_or(f64::NEG_INFINITY)).min(high.unwrap_or(f64::INFINITY));
    let note = format!("mean {mean:.6} ± {k} x {deviation:.6} over {} periods of the reference", periods.len());
    Ok(Bounds { lower: Some(clip(mean - k * deviation)), upper: Some(clip(mean + k * deviation)), note: Some(note) })
}

fn changed(change: Change, value: Option<f64>, basis: Basis<'_>) -> Result<Bounds, String> {
    let (from, what) = match change.from {
        ChangeFrom::Reference => (basis.reference, "the reference"),
        ChangeFrom::Previous => (basis.previous, "the window before"),
    };
    let from = from.ok_or_else(|| format!("{what} has no value"))?;
    // Of nothing, nothing is no change, and anything else is no share.
    if change.absolute.is_none() && from == 0.0 && value != Some(0.0) {
        return Err(format!("{what} has the value 0, of which nothing is a share: use `absolute`"));
    }
    let by = change.absolute.unwrap_or_else(|| change.relative.unwrap_or_default() * from.abs());
    let (down, up) = match change.direction {
        ChangeDirection::Up => (false, true),
        ChangeDirection::Down => (true, false),
        ChangeDirection::Both => (true, true),
    };
    let note = format!("{from:.6} in {what}");
    Ok(Bounds { lower: down.then_some(from - by), upper: up.then_some(from + by), note: Some(note) })
}

/// Whether a value lies outside the bounds by more than `errors` standard errors.
pub fn is_breach(value: f64, standard_error: Option<f64>, errors: Option<f64>, bounds: &Bounds) -> bool {
    let slack = errors.unwrap_or(0.0) * standard_error.unwrap_or(0.0);
    bounds.lower.is_some_and(|lower| value + slack < lower) || bounds.upper.is_some_and(|upper| value - slack > upper)
}

#[cfg(test)]
mod tests {
    use driftline_core::Direction;
    use serde_json::json;

    use super::*;

    fn auc() -> Output {
        let (warning, critical) = (None, None);
        Output {
            name: "roc_auc".into(),
            direction: Direction::Higher,
            range: (Some(0.0), Some(1.0)),
            warning,
            critical,
            doc: String::new(),
        }
    }

    #[test]
    fn bounds_follow_the_rules() {
        let basis = Basis { periods: &[0.6, 0.7, 0.8], reference: Some(0.7), previous: Some(-2.0) };
        // numpy: np.std([0.6, 0.7, 0.8]) = 0.08164965809277262
        for (rule, lower, upper) in [
            (json!({"constant": {"lower": 0.6}}), Some(0.6), None),
            (
                json!({"sigma": {"k": 2}}),
                Some(0.7 - 2.0 * 0.081_649_658_092_772_62),
                Some(0.7 + 2.0 * 0.081_649_658_092_772_62),
            ),
            (json!({"sigma": {"k": 10}}), Some(0.0), Some(1.0)),
            (json!({"change": {"from": "reference", "relative": 0.1, "direction": "down"}}), Some(0.63), None),
            (json!({"change": {"from": "reference", "absolute": 0.1}}), Some(0.6), Some(0.8)),
            (json!({"change": {"from": "previous", "relative": 0.5, "direction": "up"}}), None, Some(-1.0)),
        ] {
            let threshold: Threshold = serde_json::from_value(rule.clone()).expect("a threshold");
            let found = bounds(&threshold, &auc(), None, basis).expect("bounds");
            let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                (a, b) => a == b,
            };
            assert!(near(found.lower, lower) && near(found.upper, upper), "{rule}: {found:?}");
            assert!(
                threshold.constant.is_some() || bounds(&threshold, &auc(), None, Basis::default()).is_err(),
                "{rule}"
            );
        }
    }

    #[test]
    fn a_breach_may_have_to_stand_out_of_the_sampling_error() {
        let bounds = Bounds { lower: Some(0.6), upper: Some(0.9), note: None };
        for (value, error, errors, expected) in [
            (0.59, None, None, true),
            (0.6, None, None, false),
            (0.91, None, None, true),
            (0.59, Some(0.01), Some(1.96), false),
            (0.57, Some(0.01), Some(1.96), true),
            (0.59, None, Some(1.96), true),
        ] {
            assert_eq!(is_breach(value, error, errors, &bounds), expected, "{value} {error:?}");
        }
    }
}
