//! `ranking` against scikit-learn.

use driftline_ranking::Ranking;
use driftline_sdk::testing::check_expected;

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<Ranking>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 50, "{agreement:?}");
}
