//! `multivariate-drift` against NannyML, and its bounded summary against the exact one.

use driftline_multivariate_drift::MultivariateDrift;
use driftline_sdk::testing::{Table, check_expected, check_merging, evaluate};

#[test]
fn equals_nannyml_whole_and_in_parts() {
    let agreement = check_expected::<MultivariateDrift>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 20, "{agreement:?}");
}

fn table(rows: u32, tilt: f64) -> Table {
    let wave = |i: u32, step: u32| f64::from(i * step % 101) / 50.0 - 1.0;
    Table::new()
        .numbers("values", (0..rows).map(|i| wave(i, 7)))
        .numbers("values", (0..rows).map(|i| wave(i, 7) + tilt * wave(i, 13)))
        .numbers("values", (0..rows).map(|i| 5.0 * wave(i, 29) + 40.0))
}

#[test]
fn bounded_keeps_the_root_mean_square_and_never_less_than_the_mean() {
    let (current, reference) = (table(700, 0.8), table(900, 0.1));
    let number = |parameters: &str, name: &str| {
        let report = evaluate::<MultivariateDrift>(&current, Some(&reference), parameters).expect("a report");
        report.get(name).and_then(|value| value.number)
    };
    let bounded = r#"{"bounded": true}"#;
    let (mean, square) = (number("{}", "reconstruction_error"), number("{}", "root_mean_square_error"));
    let (exact, kept) = (square.expect("a number"), number(bounded, "root_mean_square_error").expect("a number"));
    assert!((kept / exact - 1.0).abs() < 1e-12, "{kept} for {exact}");
    assert!(mean.is_some_and(|mean| mean <= kept));
    assert_eq!(number(bounded, "reconstruction_error"), None);
    check_merging::<MultivariateDrift>(&current, Some(&reference), bounded, 1e-11);
}
