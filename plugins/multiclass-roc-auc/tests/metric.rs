//! `multiclass-roc-auc` against scikit-learn.

use driftline_multiclass_roc_auc::MulticlassRocAuc;
use driftline_sdk::testing::check_expected;

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<MulticlassRocAuc>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 35, "{agreement:?}");
}
