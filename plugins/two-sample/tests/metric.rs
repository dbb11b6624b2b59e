//! `two-sample` against SciPy.

use driftline_sdk::testing::check_expected;
use driftline_two_sample::TwoSample;

#[test]
fn equals_scipy_whole_and_in_parts() {
    let agreement = check_expected::<TwoSample>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 150, "{agreement:?}");
}
