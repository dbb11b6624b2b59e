//! `ks` against SciPy, and in the cases where there is no distance.

use driftline_ks::Ks;
use driftline_sdk::{
    Report,
    testing::{Table, check_expected, check_merging, evaluate},
};

fn table(cells: &[f64]) -> Table {
    Table::new().numbers("value", cells.iter().copied())
}

fn value(report: &Report, name: &str) -> f64 {
    report.get(name).and_then(|value| value.number).unwrap_or_else(|| panic!("no {name}: {report:?}"))
}

#[test]
fn equals_scipy_whole_and_in_parts() {
    let agreement = check_expected::<Ks>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 330, "{agreement:?}");
}

#[test]
fn no_distance_has_a_reason() {
    for (current, reference, reason) in [
        (vec![], vec![1.0], "no values in the window"),
        (vec![1.0], vec![], "no values in the reference"),
        (vec![f64::NAN], vec![1.0], "no values in the window"),
    ] {
        let report = evaluate::<Ks>(&table(&current), Some(&table(&reference)), "{}").expect("a report");
        assert_eq!(report.values.len(), 3);
        for value in &report.values {
            assert_eq!((value.number, value.note.as_deref()), (None, Some(reason)));
        }
    }
}

#[test]
fn cells_that_are_no_numbers_are_left_out_and_counted() {
    let current = table(&[1.0, f64::NAN, 2.0, f64::NAN]);
    let report = evaluate::<Ks>(&current, Some(&table(&[1.0, 5.0])), "{}").expect("a report");
    assert_eq!(value(&report, "statistic"), 0.5);
    let note = report.values[0].note.as_deref();
    assert_eq!(note, Some("2 cells that are not a number left out"));
}

#[test]
fn a_sketch_keeps_its_promised_error() {
    let wave = |rows: u32, stretch: f64| {
        let cells = (0..rows).map(|i| (f64::from(i * 7919 % rows) / f64::from(rows)).powf(stretch) * 300.0 - 20.0);
        table(&cells.chain((0..rows / 10).map(|_| 3.0)).collect::<Vec<_>>())
    };
    let (current, reference) = (wave(20_011, 1.1), wave(30_011, 1.0));
    let exact = evaluate::<Ks>(&current, Some(&reference), "{}").expect("a report");
    for bits in [1, 3, 6, 10, 20] {
        let parameters = format!(r#"{{"sketch": {bits}}}"#);
        let report = evaluate::<Ks>(&current, Some(&reference), &parameters).expect("a report");
        let note = report.values[0].note.clone().expect("a bound");
        let bound: f64 = note.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a number");
        let off = (value(&report, "statistic") - value(&exact, "statistic")).abs();
        assert!(off <= bound * 1.05, "{bits} bits: off by {off}, {note}");
        assert!(bits < 10 || bound < 1e-3, "{bits} bits: {note}");
        check_merging::<Ks>(&current, Some(&reference), &parameters, 1e-12);
    }
}
