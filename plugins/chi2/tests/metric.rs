//! `chi2` against SciPy and Evidently.

use driftline_chi2::Chi2;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_scipy_and_evidently_whole_and_in_parts() {
    let agreement = check_expected::<Chi2>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 60, "{agreement:?}");
}

#[test]
fn identifiers_are_refused() {
    let rows = 100_001;
    let table = Table::new().numbers("value", (0..rows).map(f64::from));
    let error = evaluate::<Chi2>(&table, Some(&table), "{}").expect_err("must be refused");
    assert!(error.to_string().contains("distinct values"), "{error}");
}
