//! `summary` against pandas and NumPy, and its bounds over many rows.

use driftline_sdk::{
    Report,
    testing::{Table, check_expected, check_merging, evaluate},
};
use driftline_summary::Summary;

#[test]
fn equals_pandas_whole_and_in_parts() {
    let agreement = check_expected::<Summary>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 150, "{agreement:?}");
}

fn value(report: &Report, name: &str) -> f64 {
    report.get(name).and_then(|value| value.number).unwrap_or_else(|| panic!("no {name}: {report:?}"))
}

#[test]
fn many_rows_stay_within_the_stated_errors() {
    let rows = 100_003_u64;
    let table = Table::new().numbers("value", (0..rows).map(|row| (row * 7919 % rows) as f64));
    for sketch in [16, 256, 2048] {
        let parameters = format!(r#"{{"sketch": {sketch}}}"#);
        let report = evaluate::<Summary>(&table, None, &parameters).expect("a report");
        let note = report.get("p50").and_then(|value| value.note.clone()).expect("a bound");
        let error: f64 = note.split(' ').find_map(|word| word.parse().ok()).expect("a number of rows");
        assert!(error / rows as f64 <= 0.5 * 13.0 / f64::from(sketch), "{note}");
        for (name, q) in [("p01", 0.01), ("p05", 0.05), ("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            let off = (value(&report, name) - q * rows as f64).abs();
            assert!(off <= error + 2.0, "{name} with {sketch}: off by {off}, {note}");
        }
        assert_eq!((value(&report, "min"), value(&report, "max")), (0.0, rows as f64 - 1.0));
        let distinct = report.get("distinct").expect("a count");
        let off = (value(&report, "distinct") - rows as f64).abs();
        assert!(off <= 3.0 * distinct.standard_error.expect("an error"), "{distinct:?}");
    }
}

#[test]
fn frequent_values_and_the_histogram_are_drawn() {
    let numbers = Table::new().numbers("value", (0..1000).map(|row| f64::from(row * row % 10)));
    let report = evaluate::<Summary>(&numbers, None, r#"{"top": 3}"#).expect("a report");
    let names: Vec<&str> = report.charts.iter().map(|chart| chart.name.as_str()).collect();
    assert_eq!(names, ["Histogram", "Most frequent values"]);
    assert!((report.charts[0].series[0].y.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    // Squares end in 1, 4, 6 and 9 equally often.
    assert_eq!(report.charts[1].categories, ["1", "4", "6"]);
    assert_eq!(report.charts[1].series[0].y, [200.0; 3]);

    let labels = Table::new().categories("value", ["b", "a", "b"].map(Some).into_iter().chain([None]));
    let report = evaluate::<Summary>(&labels, None, "{}").expect("a report");
    assert_eq!(report.charts[0].categories, ["b", "a"]);
    check_merging::<Summary>(&labels, None, "{}", 0.0);
}
