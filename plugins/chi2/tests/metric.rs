//! `chi2` against SciPy and Evidently.

use driftline_chi2::Chi2;
use driftline_sdk::testing::{Table, check_expected, evaluate, state};

#[test]
fn equals_scipy_and_evidently_whole_and_in_parts() {
    let agreement = check_expected::<Chi2>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 60, "{agreement:?}");
}

#[test]
fn identifiers_are_refused_in_time() {
    for rows in [100_001, 1_500_000] {
        let table = Table::new().numbers("value", (0..rows).map(f64::from));
        let error = evaluate::<Chi2>(&table, Some(&table), "{}").expect_err("must be refused");
        assert!(error.to_string().contains("distinct values"), "{error}");
    }
}

#[test]
fn few_numbers_keep_the_state_small() {
    let rows = 1_200_000;
    let table = Table::new().numbers("value", (0..rows).map(|i| f64::from(i * 7919 % 1_000_003 % 90_000)));
    let bytes = state::<Chi2>(&table, "{}").expect("a state").len();
    assert!(bytes < 4_500_000, "{bytes}");
}
