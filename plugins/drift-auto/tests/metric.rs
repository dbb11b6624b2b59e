//! `drift-auto` against Evidently's default tests, and with a sketch against itself without one.

use driftline_drift_auto::DriftAuto;
use driftline_sdk::{
    Report,
    testing::{Table, check_expected, check_merging, evaluate},
};

#[test]
fn equals_evidently_whole_and_in_parts() {
    let agreement = check_expected::<DriftAuto>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 60, "{agreement:?}");
}

fn wave(rows: u32, stretch: f64) -> Table {
    let cells = (0..rows).map(|i| (f64::from(i * 7919 % rows) / f64::from(rows)).powf(stretch) * 300.0 - 20.0);
    Table::new().numbers("value", cells.collect::<Vec<_>>())
}

fn report(current: &Table, reference: &Table, parameters: &str) -> Report {
    evaluate::<DriftAuto>(current, Some(reference), parameters).expect("a report")
}

fn number(report: &Report, name: &str) -> Option<f64> {
    report.get(name).and_then(|value| value.number)
}

#[test]
fn a_sketch_keeps_its_promised_error_and_never_decides_wrongly() {
    let mut undecided = 0;
    for (current, reference, output) in [
        (wave(2_003, 1.05), wave(997, 1.0), "p_value"),
        (wave(211, 1.2), wave(97, 1.0), "p_value"),
        (wave(4_001, 1.1), wave(3_001, 1.0), "distance"),
        (wave(4_001, 1.35), wave(3_001, 1.0), "distance"),
    ] {
        let exact = report(&current, &reference, "{}");
        for bits in [1, 3, 6, 10, 20] {
            let parameters = format!(r#"{{"sketch": {bits}}}"#);
            let given = report(&current, &reference, &parameters);
            let note = given.get(output).and_then(|value| value.note.clone()).unwrap_or_default();
            let ends: Vec<f64> = note.split(' ').filter_map(|word| word.parse().ok()).collect();
            let (expected, number_given) = (number(&exact, output), number(&given, output));
            let (Some(expected), Some(number_given)) = (expected, number_given) else {
                panic!("{output} with {bits} bits: {given:?} for {exact:?}");
            };
            match ends[..] {
                [low, high] => {
                    let range = low * 0.999..=high * 1.001;
                    assert!(range.contains(&expected) && range.contains(&number_given), "{bits} bits: {given:?}");
                    assert!(bits < 20 || high - low < 0.05, "{bits} bits: {note}");
                }
                _ => assert_eq!(number_given, expected, "{bits} bits: {given:?}"),
            }
            match number(&given, "drifted") {
                Some(drifted) => assert_eq!(Some(drifted), number(&exact, "drifted"), "{bits} bits: {given:?}"),
                None => undecided += 1,
            }
            check_merging::<DriftAuto>(&current, Some(&reference), &parameters, 1e-12);
        }
    }
    assert!(undecided > 0, "the coarsest sketches leave something open");
}

#[test]
fn a_sketch_that_does_not_tell_values_apart_says_so() {
    let of = |cells: &[f64]| Table::new().numbers("value", cells.iter().copied().cycle().take(60).collect::<Vec<_>>());
    let sketch = r#"{"sketch": 4}"#;
    // Numbers of few bits are kept as they are: chi-square and z test.
    for (current, reference) in [(of(&[1.0, 2.0, 3.0]), of(&[1.0, 2.0, 2.0])), (of(&[0.0, 1.0]), of(&[0.0, 0.0, 1.0]))]
    {
        assert_eq!(report(&current, &reference, sketch), report(&current, &reference, "{}"));
    }
    let given = report(&of(&[0.1, 0.1001, 0.3]), &of(&[0.1, 0.3]), sketch);
    for value in &given.values {
        assert_eq!(value.number, None, "{value:?}");
        assert!(value.note.as_ref().is_some_and(|note| note.contains("too few bits")), "{value:?}");
    }
}
