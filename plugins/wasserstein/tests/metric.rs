//! `wasserstein` against SciPy and Evidently, and the bound of its sketch.

use driftline_sdk::testing::{Table, check_expected, check_merging, evaluate};
use driftline_wasserstein::Wasserstein;

#[test]
fn equals_scipy_and_evidently_whole_and_in_parts() {
    let agreement = check_expected::<Wasserstein>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 30, "{agreement:?}");
}

#[test]
fn a_sketch_keeps_its_promised_error() {
    let wave = |rows: u32, stretch: f64| {
        let cells = (0..rows).map(move |i| (f64::from(i * 7919 % rows) / f64::from(rows)).powf(stretch) * 300.0 - 20.0);
        Table::new().numbers("value", cells)
    };
    let (current, reference) = (wave(20_011, 1.1), wave(30_011, 1.0));
    let distance = |parameters: &str| {
        let report = evaluate::<Wasserstein>(&current, Some(&reference), parameters).expect("a report");
        (report.values[0].number.expect("a distance"), report.values[0].note.clone())
    };
    let (exact, _) = distance("{}");
    for bits in [1, 4, 10, 20] {
        let parameters = format!(r#"{{"sketch": {bits}}}"#);
        let (sketched, note) = distance(&parameters);
        let bound: f64 = note.and_then(|note| note.rsplit(' ').next()?.parse().ok()).expect("a bound");
        assert!((sketched - exact).abs() <= bound * 1.05, "{bits} bits: {sketched} for {exact}, {bound}");
        assert!(bound < 300.0 * 0.5_f64.powi(bits), "{bits} bits: {bound}");
        check_merging::<Wasserstein>(&current, Some(&reference), &parameters, 1e-11);
    }
}
