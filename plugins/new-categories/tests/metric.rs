//! `new-categories` against NannyML.

use driftline_new_categories::NewCategories;
use driftline_sdk::testing::{Table, check_expected, evaluate};

#[test]
fn equals_nannyml_whole_and_in_parts() {
    let agreement = check_expected::<NewCategories>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 30, "{agreement:?}");
}

#[test]
fn the_most_frequent_ones_are_drawn() {
    let table = |labels: &[&'static str]| Table::new().categories("value", labels.iter().copied());
    let (current, reference) = (table(&["a", "z", "y", "z", "x"]), table(&["a", "b"]));
    let report = evaluate::<NewCategories>(&current, Some(&reference), r#"{"top": 2}"#).expect("a report");
    assert_eq!(report.charts[0].categories, ["z", "x"]);
    let report = evaluate::<NewCategories>(&reference, Some(&current), "{}").expect("a report");
    assert_eq!(report.get("count").and_then(|value| value.number), Some(1.0));
}
