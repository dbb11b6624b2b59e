//! `correlation` against SciPy, and the bound of its sketch.

use driftline_correlation::Correlation;
use driftline_sdk::{
    Value,
    testing::{Table, check_expected, check_merging, evaluate, state},
};

#[test]
fn equals_scipy_whole_and_in_parts() {
    let agreement = check_expected::<Correlation>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 40, "{agreement:?}");
}

/// Seconds of a day long ago, and numbers that follow them loosely.
fn loose(rows: u32, slope: f64) -> Table {
    let noise = |i: u32, by: u32| f64::from(i.wrapping_mul(by) % rows) / f64::from(rows);
    let y = (0..rows).map(|i| slope * noise(i, 7919) + noise(i, 104_729));
    Table::new().numbers("x", (0..rows).map(|i| 1.7e9 + 86_400.0 * noise(i, 7919))).numbers("y", y)
}

fn bound(value: &Value) -> f64 {
    let note = value.note.clone().unwrap_or_default();
    note.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no bound in {value:?}"))
}

#[test]
fn a_sketch_keeps_its_promised_error() {
    let (table, reference) = (loose(10_007, 1.0), loose(10_009, -0.5));
    let evaluate = |parameters: &str| evaluate::<Correlation>(&table, Some(&reference), parameters).expect("a report");
    let exact = evaluate("{}");
    for sketch in [16, 100, 512, 2048] {
        let parameters = format!(r#"{{"sketch": {sketch}}}"#);
        let report = evaluate(&parameters);
        for name in ["spearman", "spearman_change"] {
            let (found, exact) = (report.get(name).expect("a value"), exact.get(name).expect("a value"));
            let off = (found.number.expect("a number") - exact.number.expect("a number")).abs();
            let bound = bound(found);
            assert!(off <= bound * 1.05 && bound < 20.0 / f64::from(sketch), "{sketch}: off by {off}, {found:?}");
        }
        assert_eq!(report.get("pearson"), exact.get("pearson"));
        check_merging::<Correlation>(&table, Some(&reference), &parameters, 1e-12);
    }
    let report = evaluate(r#"{"sketch": 16, "spearman": false}"#);
    assert!(report.get("spearman").is_some_and(|value| value.number.is_none()));
}

#[test]
fn a_sketch_bounds_the_state() {
    for rows in [100, 10_007, 300_007] {
        let bytes = state::<Correlation>(&loose(rows, 1.0), r#"{"sketch": 32}"#).expect("a state").len();
        assert!(bytes <= 24 * 32 * 32 + 200, "{bytes} bytes of {rows} rows");
    }
}
