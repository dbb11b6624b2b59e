//! `fairness` against Fairlearn and, with a privileged group, the definitions.

use driftline_fairness::Fairness;
use driftline_sdk::testing::check_expected;

#[test]
fn equals_fairlearn_whole_and_in_parts() {
    let agreement = check_expected::<Fairness>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 60, "{agreement:?}");
}
