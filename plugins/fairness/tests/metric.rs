//! `fairness` against Fairlearn and, with a privileged group, the definitions.

use driftline_fairness::Fairness;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_fairlearn_whole_and_in_parts() {
    let agreement = check_expected::<Fairness>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 60, "{agreement:?}");
}

#[test]
fn identifiers_are_refused() {
    let rows = 1001;
    let table = Table::new().numbers("group", (0..rows).map(f64::from)).numbers("score", (0..rows).map(|_| 1.0));
    let error = evaluate::<Fairness>(&table, None, "{}").expect_err("must be refused");
    assert!(error.to_string().contains("`group` has more than"), "{error}");
}
