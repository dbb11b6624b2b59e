//! `label-coverage` against NumPy.

use driftline_label_coverage::LabelCoverage;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_numpy_whole_and_in_parts() {
    let agreement = check_expected::<LabelCoverage>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 25, "{agreement:?}");
}

#[test]
fn many_lags_stay_within_the_stated_error() {
    let rows = 50_021_i64;
    let lag = |row: i64| row * 7919 % rows;
    let table = Table::new()
        .numbers("label", (0..rows).map(|_| 1.0))
        .timestamps("time", 0..rows)
        .timestamps("labelled_at", (0..rows).map(|row| row + lag(row) * 1_000_000));
    let report = evaluate::<LabelCoverage>(&table, None, r#"{"sketch": 64}"#).expect("a report");
    let median = report.get("lag_p50_seconds").expect("a lag");
    let note = median.note.clone().expect("a bound");
    let bound: f64 = note.split(' ').find_map(|word| word.parse().ok()).expect("labels");
    assert!((median.number.expect("a number") - 25_010.0).abs() <= bound + 1.0, "{median:?}");
}
