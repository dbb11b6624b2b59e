//! `distribution-distance` against SciPy, Evidently and NannyML.

use driftline_distribution_distance::DistributionDistance;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_scipy_evidently_and_nannyml_whole_and_in_parts() {
    let agreement = check_expected::<DistributionDistance>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 150, "{agreement:?}");
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let table = Table::new().numbers("value", [1.0, 2.0]);
    for (parameters, part) in [
        (r#"{"edges": [0, 2, 1]}"#, "`edges` must ascend"),
        (r#"{"edges": [0, 1], "mode": "nannyml"}"#, "exclude each other"),
    ] {
        let error = evaluate::<DistributionDistance>(&table, Some(&table), parameters).expect_err("must be refused");
        assert!(error.to_string().contains(part), "{error}");
    }
}
