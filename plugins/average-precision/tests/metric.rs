//! `average-precision` against scikit-learn, and the bound of its bins.

use driftline_average_precision::AveragePrecision;
use driftline_sdk::{
    Report,
    testing::{Table, check_expected, check_merging, evaluate},
};

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<AveragePrecision>(include_str!("expected.json"), 1e-12);
    assert!(agreement.values >= 60, "{agreement:?}");
}

fn loose(rows: u32) -> Table {
    let scores = (0..rows).map(|i| f64::from(i * 7919 % rows) / f64::from(rows));
    let labels = (0..rows).map(|i| f64::from(u32::from(i * 7919 % rows > i * 104_729 % rows)));
    Table::new().numbers("score", scores).numbers("label", labels)
}

fn area(report: &Report) -> f64 {
    report.get("average_precision").and_then(|value| value.number).expect("an area")
}

#[test]
fn bins_keep_their_promised_error() {
    let table = loose(10_007);
    let exact = evaluate::<AveragePrecision>(&table, None, "{}").expect("a report");
    for bins in [2, 10, 100, 10_000] {
        let parameters = format!(r#"{{"bins": {bins}}}"#);
        let report = evaluate::<AveragePrecision>(&table, None, &parameters).expect("a report");
        let note = report.values[0].note.clone().expect("a bound");
        let bound: f64 = note.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a number");
        let off = (area(&report) - area(&exact)).abs();
        assert!(off <= bound * 1.05 && bound < 3.0 / f64::from(bins), "{bins} bins: off by {off}, {note}");
        check_merging::<AveragePrecision>(&table, None, &parameters, 1e-11);
    }
}

#[test]
fn the_curve_is_short() {
    for rows in [11, 100, 10_007, 100_003] {
        let report = evaluate::<AveragePrecision>(&loose(rows), None, "{}").expect("a report");
        let curve = &report.charts[0].series[0];
        assert!(curve.x.len() <= 1000, "{rows} rows give {} points", curve.x.len());
        assert!(curve.x.is_sorted_by(|a, b| a >= b) && curve.x[0] == 1.0);
    }
}
