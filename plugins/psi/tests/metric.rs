//! `psi` against its definition in NumPy and against other tools, and in the cases where there is no index.

use driftline_psi::Psi;
use driftline_sdk::testing::{Table, check_expected, check_merging, evaluate};

fn table(cells: &[f64]) -> Table {
    Table::new().numbers("value", cells.iter().copied())
}

fn labels(cells: &[&'static str]) -> Table {
    Table::new().categories("value", cells.iter().map(|cell| (*cell != "null").then_some(*cell)))
}

fn psi(current: &Table, reference: &Table, parameters: &str) -> Option<f64> {
    let report = evaluate::<Psi>(current, Some(reference), parameters).expect("a report");
    let value = &report.values[0];
    assert!(value.number.is_some() || value.note.is_some(), "undefined without a reason");
    value.number
}

/// The index of shares, from its definition.
fn index(bins: &[(f64, f64)]) -> f64 {
    let floor = |share: f64| share.max(1e-4);
    bins.iter().map(|(c, r)| (floor(*c) - floor(*r)) * (floor(*c) / floor(*r)).ln()).sum()
}

fn assert_close(given: Option<f64>, expected: f64, what: &str) {
    let given = given.unwrap_or_else(|| panic!("{what}: undefined"));
    assert!((given - expected).abs() <= 1e-9 * expected.abs(), "{what}: {given} instead of {expected}");
}

#[test]
fn equals_numpy_evidently_scouter_and_deepchecks_whole_and_in_parts() {
    let agreement = check_expected::<Psi>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 140, "{agreement:?}");
}

#[test]
fn categories_count_by_union_with_missing_ones_apart() {
    let reference = labels(&["a", "a", "b", "b"]);
    for (current, bins) in [
        (vec!["a", "a", "b", "b"], vec![(0.5, 0.5), (0.5, 0.5)]),
        (vec!["a", "c"], vec![(0.5, 0.5), (0.0, 0.5), (0.5, 0.0)]),
        (vec!["a", "b", "null", "null"], vec![(0.25, 0.5), (0.25, 0.5), (0.5, 0.0)]),
        (vec!["null"], vec![(0.0, 0.5), (0.0, 0.5), (1.0, 0.0)]),
    ] {
        let table = labels(&current);
        assert_close(psi(&table, &reference, "{}"), index(&bins), &format!("{current:?}"));
        check_merging::<Psi>(&table, Some(&reference), "{}", 1e-12);
    }
}

#[test]
fn few_distinct_values_still_show_drift() {
    for (current, reference, bins) in [
        (vec![3.0, 3.0], vec![3.0; 9], vec![(1.0, 1.0)]),
        (vec![3.0, 4.0], vec![3.0; 9], vec![(0.5, 1.0), (0.5, 0.0)]),
        (vec![2.0, 2.0], vec![3.0; 9], vec![(1.0, 0.0), (0.0, 1.0)]),
        (vec![0.0, 1.0, 1.0, 1.0], vec![0.0, 0.0, 1.0], vec![(0.25, 2.0 / 3.0), (0.75, 1.0 / 3.0)]),
        (vec![0.5, 1.0], vec![0.0, 0.0, 1.0], vec![(0.0, 2.0 / 3.0), (0.5, 0.0), (0.5, 1.0 / 3.0)]),
    ] {
        let what = format!("{current:?} against {reference:?}");
        assert_close(psi(&table(&current), &table(&reference), r#"{"bins": 2}"#), index(&bins), &what);
    }
}

#[test]
fn no_index_has_a_reason() {
    let nothing = table(&[]);
    let gone = table(&[f64::NAN]);
    let endless = table(&[f64::INFINITY]);
    let some = table(&[1.0, 2.0]);
    for (current, reference, parameters) in [
        (&nothing, &some, "{}"),
        (&some, &nothing, "{}"),
        (&some, &gone, "{}"),
        (&gone, &some, r#"{"mode": "evidently"}"#),
        (&some, &endless, r#"{"mode": "evidently"}"#),
    ] {
        assert_eq!(psi(current, reference, parameters), None, "{parameters}");
    }
    assert_close(psi(&gone, &some, "{}"), index(&[(0.0, 0.5), (0.0, 0.5), (1.0, 0.0)]), "all cells missing");
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    for (parameters, part) in [
        (r#"{"edges": [0, 2, 1]}"#, "2 is followed by 1"),
        (r#"{"edges": [0, 1], "mode": "evidently"}"#, "exclude each other"),
        (r#"{"floor": 0.01, "mode": "scouter"}"#, "`floor` has no part"),
        (r#"{"binning": "deciles"}"#, "unknown variant `deciles`"),
    ] {
        let error = evaluate::<Psi>(&table(&[1.0]), Some(&table(&[1.0])), parameters).expect_err("must be refused");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_sketch_keeps_its_promised_error() {
    let wave = |rows: u32, stretch: f64| {
        table(
            &(0..rows).map(|i| (f64::from(i * 7919 % rows) / f64::from(rows)).powf(stretch) * 30.0).collect::<Vec<_>>(),
        )
    };
    let (current, reference) = (wave(20_011, 1.3), wave(30_011, 1.0));
    let shares = |parameters: &str| {
        let report = evaluate::<Psi>(&current, Some(&reference), parameters).expect("a report");
        let series = report.charts[0].series.iter().flat_map(|series| series.y.clone()).collect::<Vec<_>>();
        (series, report.values[0].note.clone())
    };
    let (exact, _) = shares(r#"{"edges": [0, 1.3, 7.77, 11, 19.19, 30]}"#);
    for bits in [2, 5, 10, 20] {
        let parameters = format!(r#"{{"edges": [0, 1.3, 7.77, 11, 19.19, 30], "sketch": {bits}}}"#);
        let (given, note) = shares(&parameters);
        let bound: f64 = note.and_then(|note| note.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0);
        let off = given.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= bound * 1.05 + 1e-12, "{bits} bits: off by {off}, {bound}");
        assert!(bits < 10 || bound < 5e-3, "{bits} bits: {bound}");
        check_merging::<Psi>(&current, Some(&reference), &parameters, 1e-12);
    }
}
