//! `binary-classification` against scikit-learn and NannyML.

use driftline_binary_classification::BinaryClassification;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<BinaryClassification>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 150, "{agreement:?}");
}

#[test]
fn the_matrix_is_drawn() {
    let table = Table::new().numbers("score", [0.1, 0.5, 0.9, 0.2]).numbers("label", [0.0, 1.0, 0.0, 1.0]);
    let chart = &evaluate::<BinaryClassification>(&table, None, "{}").expect("a report").charts[0];
    assert_eq!(
        (chart.kind.as_str(), &*chart.series[0].y, &*chart.series[1].y),
        ("heatmap", &[1.0, 1.0][..], &[1.0; 2][..])
    );
}
