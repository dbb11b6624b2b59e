//! `roc-auc` against scikit-learn, and in the cases where there is no area.

use driftline_roc_auc::RocAuc;
use driftline_sdk::{
    Error, Report,
    testing::{Table, check_expected, check_merging, evaluate},
};

fn table(scores: &[f64], labels: &[f64]) -> Table {
    Table::new().numbers("score", scores.iter().copied()).numbers("label", labels.iter().copied())
}

fn area(report: &Report) -> Option<f64> {
    report.get("roc_auc").and_then(|value| value.number)
}

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<RocAuc>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 50, "{agreement:?}");
}

#[test]
fn no_area_has_a_reason() {
    for (scores, labels, reason) in [
        (vec![], vec![], "no labelled rows"),
        (vec![0.5], vec![1.0], "no negative rows"),
        (vec![0.5, 0.6], vec![0.0, 0.0], "no positive rows"),
        (vec![f64::NAN, 0.6], vec![0.0, 1.0], "no negative rows; 1 rows without a numeric score left out"),
    ] {
        for parameters in ["{}", r#"{"bins": 10}"#] {
            let report = evaluate::<RocAuc>(&table(&scores, &labels), None, parameters).expect("a report");
            for value in &report.values {
                assert_eq!(value.number, None);
                assert!(value.note.as_ref().expect("a reason").contains(reason), "{value:?} for {scores:?}");
            }
        }
    }
}

#[test]
fn labels_come_in_many_forms() {
    let scores = [0.1, 0.4, 0.35, 0.8];
    let numbers = |labels: [f64; 4]| table(&scores, &labels);
    let words = |labels: [&'static str; 4]| Table::new().numbers("score", scores).categories("label", labels);
    for (table, parameters) in [
        (numbers([0.0, 0.0, 1.0, 1.0]), "{}"),
        (numbers([7.0, 9.0, 2.0, 2.0]), r#"{"positive": "2"}"#),
        (words(["false", "false", "true", "true"]), "{}"),
        (words(["0", "False", "1", "True"]), "{}"),
        (words(["good", "unknown", "bad", "bad"]), r#"{"positive": "bad"}"#),
    ] {
        let report = evaluate::<RocAuc>(&table, None, parameters).expect("a report");
        assert_eq!(area(&report), Some(0.75), "{parameters}");
    }
}

#[test]
fn unusable_rows_and_parameters_are_named() {
    let words = Table::new().numbers("score", [0.1, 0.2]).categories("label", ["good", "bad"]);
    let weighted = table(&[0.1], &[1.0]).numbers("weight", [-1.0]);
    for (table, parameters, part) in [
        (table(&[0.1], &[2.0]), "{}", "`label` holds 2"),
        (words, "{}", "`label` holds `good`"),
        (table(&[0.1], &[1.0]), r#"{"positive": "bad"}"#, "`positive` is `bad`"),
        (weighted, "{}", "`weight` holds -1"),
        (table(&[0.1], &[1.0]), r#"{"range": [1, 1], "bins": 5}"#, "`range`"),
        (table(&[0.1], &[1.0]), r#"{"bin": 5}"#, "unknown field `bin`"),
    ] {
        let error = evaluate::<RocAuc>(&table, None, parameters).expect_err("must be refused");
        assert!(matches!(error, Error::Data(_) | Error::Parameters(_)) && error.to_string().contains(part), "{error}");
    }
}

/// Scores on a fine grid, and labels that follow them loosely.
fn loose(rows: u32) -> Table {
    let scores = (0..rows).map(|i| f64::from(i * 7919 % rows) / f64::from(rows));
    let labels = (0..rows).map(|i| f64::from(u32::from(i * 7919 % rows > i * 104_729 % rows)));
    table(&scores.collect::<Vec<_>>(), &labels.collect::<Vec<_>>())
}

#[test]
fn bins_keep_their_promised_error() {
    let table = loose(10_007);
    let exact = area(&evaluate::<RocAuc>(&table, None, "{}").expect("a report")).expect("an area");
    for bins in [2, 10, 100, 10_000] {
        let parameters = format!(r#"{{"bins": {bins}}}"#);
        let report = evaluate::<RocAuc>(&table, None, &parameters).expect("a report");
        let note = report.values[0].note.clone().expect("a bound");
        let bound: f64 = note.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a number");
        let off = (area(&report).expect("an area") - exact).abs();
        assert!(off <= bound * 1.05 && bound < 1.0 / f64::from(bins), "{bins} bins: off by {off}, {note}");
        check_merging::<RocAuc>(&table, None, &parameters, 1e-12);
    }
}

#[test]
fn the_curve_is_short_and_keeps_its_area() {
    for rows in [2_u32, 3, 100, 499, 10_007, 100_003] {
        let report = evaluate::<RocAuc>(&loose(rows), None, "{}").expect("a report");
        let Some(exact) = area(&report) else { continue };
        let curve = &report.charts[0].series[0];
        let strips = (1..curve.x.len()).map(|i| (curve.x[i] - curve.x[i - 1]) * (curve.y[i] + curve.y[i - 1]) / 2.0);
        let drawn: f64 = strips.sum();
        assert!(curve.x.len() <= 500, "{rows} rows give {} points", curve.x.len());
        assert!((drawn - exact).abs() <= 1e-3, "{rows} rows: {drawn} drawn for {exact}");
        assert_eq!((curve.x[0], curve.y[0]), (0.0, 0.0));
        assert_eq!((curve.x.last(), curve.y.last()), (Some(&1.0), Some(&1.0)));
    }
}
