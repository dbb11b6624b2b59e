//! `data-quality` against pandas.

use driftline_data_quality::DataQuality;
use driftline_sdk::testing::check_expected;

#[test]
fn equals_pandas_whole_and_in_parts() {
    let agreement = check_expected::<DataQuality>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 50, "{agreement:?}");
}
