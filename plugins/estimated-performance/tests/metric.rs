//! `estimated-performance` against NannyML.

use driftline_estimated_performance::EstimatedPerformance;
use driftline_sdk::testing::check_expected;

#[test]
fn equals_nannyml_whole_and_in_parts() {
    let agreement = check_expected::<EstimatedPerformance>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 40, "{agreement:?}");
}
