//! `drift-auto` against Evidently's default tests.

use driftline_drift_auto::DriftAuto;
use driftline_sdk::testing::check_expected;

#[test]
fn equals_evidently_whole_and_in_parts() {
    let agreement = check_expected::<DriftAuto>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 60, "{agreement:?}");
}
