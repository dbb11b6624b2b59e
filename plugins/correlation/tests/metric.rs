//! `correlation` against SciPy.

use driftline_correlation::Correlation;
use driftline_sdk::testing::check_expected;

#[test]
fn equals_scipy_whole_and_in_parts() {
    let agreement = check_expected::<Correlation>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 40, "{agreement:?}");
}
