//! `multiclass-roc-auc` against scikit-learn, and the bound of its bins.

use driftline_multiclass_roc_auc::MulticlassRocAuc;
use driftline_sdk::testing::{Table, check_expected, check_merging, evaluate, state};

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<MulticlassRocAuc>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 40, "{agreement:?}");
}

/// Three columns of scores on a fine grid, and the class of the largest of them and something else.
fn loose(rows: u32) -> Table {
    let noise = |i: u32, by: u32| f64::from(i.wrapping_mul(by) % 100_003) / 100_003.0;
    let scores = |i: u32| [7919, 104_729, 611_953].map(|by| noise(i, by));
    let class = |i: u32| {
        let [a, b, c] = [0, 1, 2].map(|class| scores(i)[class] + noise(i + class as u32, 15_485_863));
        if a > b.max(c) {
            "a"
        } else if b > c {
            "b"
        } else {
            "c"
        }
    };
    let table =
        (0..3).fold(Table::new(), |table, column| table.numbers("scores", (0..rows).map(move |i| scores(i)[column])));
    table.categories("label", (0..rows).map(class))
}

#[test]
fn bins_keep_their_promised_error() {
    let table = loose(10_007);
    let exact = evaluate::<MulticlassRocAuc>(&table, None, "{}").expect("a report");
    for bins in [2, 10, 100, 10_000] {
        let parameters = format!(r#"{{"bins": {bins}}}"#);
        let report = evaluate::<MulticlassRocAuc>(&table, None, &parameters).expect("a report");
        assert_eq!(report.values.len(), 6);
        for (found, exact) in report.values.iter().zip(&exact.values) {
            let note = found.note.clone().expect("a bound");
            let bound: f64 = note.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a number");
            let off = (found.number.expect("an area") - exact.number.expect("an area")).abs();
            assert!(off <= bound * 1.05 && bound < 1.0 / f64::from(bins), "{bins} bins: off by {off}, {found:?}");
        }
        check_merging::<MulticlassRocAuc>(&table, None, &parameters, 1e-12);
    }
}

#[test]
fn bins_bound_the_state() {
    for rows in [10, 1000, 100_000] {
        let bytes = state::<MulticlassRocAuc>(&loose(rows), r#"{"bins": 50}"#).expect("a state").len();
        assert!(bytes <= 3 * 3 * 50 * 8 + 100, "{bytes} bytes of {rows} rows");
    }
}

#[test]
fn identifiers_and_ranges_that_do_not_ascend_are_refused() {
    let rows = 1001;
    let ids = Table::new().numbers("scores", (0..rows).map(f64::from)).numbers("label", (0..rows).map(f64::from));
    for (table, parameters, part) in
        [(ids, "{}", "`label` has more"), (loose(3), r#"{"bins": 9, "range": [1, 0]}"#, "`range`")]
    {
        let error = evaluate::<MulticlassRocAuc>(&table, None, parameters).expect_err("must be refused");
        assert!(error.to_string().contains(part), "{error}");
    }
}
