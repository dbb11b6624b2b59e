//! The metric over small tables, without WebAssembly.

use cost_by_segment::CostBySegment;
use driftline_sdk::testing::{Table, check_merging, evaluate};

fn table(rows: &[(f64, f64, &'static str)]) -> Table {
    Table::new()
        .numbers("score", rows.iter().map(|row| row.0))
        .numbers("label", rows.iter().map(|row| row.1))
        .categories("segment", rows.iter().map(|row| row.2))
}

#[test]
fn errors_are_paid_for_by_their_kind() {
    let current = table(&[(0.9, 0.0, "eu"), (0.1, 1.0, "eu"), (0.9, 1.0, "us"), (0.5, 0.0, "us")]);
    let reference = table(&[(0.9, 0.0, "eu"), (0.1, 0.0, "us")]);
    for (parameters, expected) in [
        (r#"{}"#, [("cost_per_prediction", 1.75), ("change", 1.25), ("worst_segment_cost", 3.0), ("cost/us", 0.5)]),
        (
            r#"{"cost_false_positive": 2, "cost_false_negative": 2, "threshold": 0.6}"#,
            [("cost_per_prediction", 1.0), ("change", 0.0), ("worst_segment_cost", 2.0), ("cost/us", 0.0)],
        ),
    ] {
        let report = evaluate::<CostBySegment>(&current, Some(&reference), parameters).expect("a report");
        for (name, number) in expected {
            assert_eq!(report.get(name).and_then(|value| value.number), Some(number), "{name} for {parameters}");
        }
    }
}

#[test]
fn a_window_without_rows_has_no_cost() {
    let report = evaluate::<CostBySegment>(&table(&[]), None, "{}").expect("a report");
    assert_eq!(report.get("cost_per_prediction").map(|value| value.number), Some(None));
}

#[test]
fn parts_merge_to_the_whole() {
    let segments = ["a", "b", "c"];
    let rows: Vec<_> =
        (0..500).map(|i| (f64::from(i % 10) / 10.0, f64::from(i % 3 % 2), segments[i as usize % 3])).collect();
    check_merging::<CostBySegment>(&table(&rows), Some(&table(&rows[..50])), "{}", 1e-12);
}
