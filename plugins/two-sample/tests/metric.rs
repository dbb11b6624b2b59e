//! `two-sample` against SciPy, and with a sketch against itself without one.

use driftline_sdk::{
    Report,
    testing::{Table, check_expected, check_merging, evaluate},
};
use driftline_two_sample::TwoSample;

#[test]
fn equals_scipy_whole_and_in_parts() {
    let agreement = check_expected::<TwoSample>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 150, "{agreement:?}");
}

fn wave(rows: u32, stretch: f64) -> Table {
    let cells = (0..rows).map(|i| (f64::from(i * 7919 % rows) / f64::from(rows)).powf(stretch) * 300.0 - 20.0);
    Table::new().numbers("value", cells.chain((0..rows / 10).map(|_| 3.0)).collect::<Vec<_>>())
}

fn report(current: &Table, reference: &Table, parameters: &str) -> Report {
    evaluate::<TwoSample>(current, Some(reference), parameters).expect("a report")
}

/// The numbers of a note.
fn numbers(note: &str) -> Vec<f64> {
    note.split(' ').filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn a_sketch_keeps_its_promised_errors() {
    let sides = [
        (wave(2_011, 1.02), wave(3_011, 1.0)),
        (wave(5_003, 1.0), wave(2_503, 1.0)),
        (wave(19, 1.3), wave(13, 1.0)),
        (wave(401, 2.0), wave(37, 1.0)),
    ];
    for ((current, reference), bits) in sides.iter().flat_map(|sides| [1, 3, 6, 10, 20].map(|bits| (sides, bits))) {
        let parameters = format!(r#"{{"sketch": {bits}}}"#);
        let (exact, given) = (report(current, reference, "{}"), report(current, reference, &parameters));
        assert_eq!(exact.values.len(), given.values.len());
        for (exact, given) in exact.values.iter().zip(&given.values) {
            let note = given.note.clone().unwrap_or_default();
            let what = format!("{} with {bits} bits: {given:?} for {exact:?}", given.name);
            let Some(number) = given.number else {
                assert!(!note.is_empty(), "{what}");
                continue;
            };
            let exact = exact.number.unwrap_or_else(|| panic!("{what}"));
            // What is printed of a bound is rounded.
            let holds = match numbers(&note)[..] {
                [off] => (number - exact).abs() <= off * 1.05,
                [low, high] => {
                    let range = low * 0.999..=high * 1.001 + 1e-300;
                    range.contains(&exact) && range.contains(&number)
                }
                _ => number == exact || (number - exact).abs() <= 1e-12 * exact.abs(),
            };
            assert!(holds, "{what}");
        }
        check_merging::<TwoSample>(current, Some(reference), &parameters, 1e-11);
    }
}

#[test]
fn a_larger_sketch_leaves_little_open() {
    let (current, reference) = (wave(20_011, 1.01), wave(30_011, 1.0));
    let report = report(&current, &reference, r#"{"sketch": 18}"#);
    for (name, most) in [
        ("mann_whitney_statistic", 1e4),
        ("cramer_von_mises_statistic", 1e-2),
        ("anderson_darling_statistic", 0.1),
        ("energy_distance", 1e-2),
    ] {
        let note = report.get(name).and_then(|value| value.note.clone()).unwrap_or_default();
        assert!(matches!(numbers(&note)[..], [off] if off <= most), "{name}: {note}");
    }
    for name in ["mann_whitney_p_value", "cramer_von_mises_p_value"] {
        let note = report.get(name).and_then(|value| value.note.clone()).unwrap_or_default();
        assert!(matches!(numbers(&note)[..], [low, high] if high - low <= 0.01), "{name}: {note}");
    }
}

#[test]
fn what_a_sketch_cannot_bound_is_undefined() {
    let given = report(&wave(301, 1.1), &wave(401, 1.0), r#"{"sketch": 6}"#);
    for (name, reason) in [
        ("epps_singleton_statistic", "a sketch can't bound its error"),
        ("z_proportions_p_value", "a sketch does not tell all values apart"),
        ("g_test_statistic", "a sketch does not tell all values apart"),
    ] {
        let value = given.get(name).expect("a value");
        assert_eq!(value.number, None, "{name}");
        assert!(value.note.as_ref().is_some_and(|note| note.contains(reason)), "{value:?}");
    }
    // Numbers of few bits are kept as they are.
    let whole = |numbers: &[f64]| Table::new().numbers("value", numbers.to_vec());
    let (a, b) = (whole(&[1.0, 1.0, 2.0, 2.0, 1.0, 2.0]), whole(&[1.0, 2.0, 2.0, 2.0, 2.0, 1.0]));
    assert_eq!(report(&a, &b, r#"{"sketch": 6}"#), report(&a, &b, "{}"));
}
