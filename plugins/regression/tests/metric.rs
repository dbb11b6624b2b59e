//! `regression` against scikit-learn, and the bound of its sketch.

use driftline_regression::Regression;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<Regression>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 200, "{agreement:?}");
}

#[test]
fn a_sketch_keeps_its_promised_error() {
    // Sizes of errors are 0, 1, … in some order, of alternating sign.
    let rows = 50_021_u64;
    let size = |row: u64| (row * 7919 % rows) as f64;
    let errors = (0..rows).map(|row| if row % 2 == 0 { size(row) } else { -size(row) });
    let table = Table::new().numbers("prediction", errors).numbers("target", (0..rows).map(|_| 0.0));
    for sketch in [16, 256, 4096] {
        let parameters = format!(r#"{{"sketch": {sketch}}}"#);
        let report = evaluate::<Regression>(&table, None, &parameters).expect("a report");
        let median = report.get("median_absolute_error").expect("a median");
        let note = median.note.clone().expect("a bound");
        let bound: f64 = note.split(' ').find_map(|word| word.parse().ok()).expect("rows");
        let off = (median.number.expect("a number") - 25_010.0).abs();
        assert!(off <= bound + 1.0 && bound < rows as f64 * 6.0 / f64::from(sketch), "off by {off}, {note}");
    }
}
