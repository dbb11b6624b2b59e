//! `calibration` against scikit-learn.

use driftline_calibration::Calibration;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<Calibration>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 60, "{agreement:?}");
}

#[test]
fn scores_that_are_no_probabilities_are_named() {
    for score in [1.5, -0.1, f64::INFINITY] {
        let table = Table::new().numbers("score", [0.5, score]).numbers("label", [0.0, 1.0]);
        let error = evaluate::<Calibration>(&table, None, "{}").expect_err("must be refused");
        assert!(error.to_string().contains(&format!("`score` holds {score}")), "{error}");
    }
}

#[test]
fn the_curve_has_a_point_for_each_filled_bin() {
    let table = Table::new().numbers("score", [0.1, 0.1, 0.9, 0.95]).numbers("label", [0.0, 1.0, 1.0, 1.0]);
    let chart = &evaluate::<Calibration>(&table, None, "{}").expect("a report").charts[0];
    assert_eq!(chart.series[0].y, [0.5, 1.0, 1.0]);
}
