//! `estimated-performance` against NannyML.

use driftline_estimated_performance::EstimatedPerformance;
use driftline_sdk::testing::{Table, check_expected, check_merging, evaluate};

#[test]
fn equals_nannyml_whole_and_in_parts() {
    let agreement = check_expected::<EstimatedPerformance>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 40, "{agreement:?}");
}

#[test]
fn a_sketch_keeps_its_promised_error() {
    let table = Table::new().numbers("score", (0..20_011_u32).map(|i| f64::from(i * 7919 % 20_011) / 20_011.0));
    let area = |parameters: &str| {
        let report = evaluate::<EstimatedPerformance>(&table, None, parameters).expect("a report");
        (report.values[0].number.expect("an area"), report.values[0].note.clone().unwrap_or_default())
    };
    let (exact, _) = area("{}");
    for bits in [1, 3, 6, 10] {
        let parameters = format!(r#"{{"sketch": {bits}}}"#);
        let (given, note) = area(&parameters);
        let bound: f64 = note.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a bound");
        assert!((given - exact).abs() <= bound * 1.05, "{bits} bits: {given} for {exact}, {note}");
        assert!(bits < 10 || bound < 1e-3, "{bits} bits: {note}");
        check_merging::<EstimatedPerformance>(&table, None, &parameters, 1e-11);
    }
}
