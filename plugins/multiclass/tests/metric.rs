//! `multiclass` against scikit-learn.

use driftline_multiclass::Multiclass;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<Multiclass>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 150, "{agreement:?}");
}

#[test]
fn the_matrix_is_drawn() {
    let table = Table::new().categories("prediction", ["a", "b", "b"]).categories("label", ["a", "a", "b"]);
    let chart = &evaluate::<Multiclass>(&table, None, "{}").expect("a report").charts[0];
    assert_eq!((&*chart.series[0].y, &*chart.series[1].y), (&[1.0, 1.0][..], &[0.0, 1.0][..]));
}
