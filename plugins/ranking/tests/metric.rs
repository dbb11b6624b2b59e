//! `ranking` against scikit-learn, and its sample of queries beside all of them.

use driftline_ranking::Ranking;
use driftline_sdk::testing::{Table, check_expected, check_merging, evaluate, state};

const OUTPUTS: [&str; 6] = ["ndcg", "map", "mrr", "hit_rate", "precision", "recall"];

#[test]
fn equals_scikit_learn_whole_and_in_parts() {
    let agreement = check_expected::<Ranking>(include_str!("expected.json"), 1e-9);
    assert!(agreement.values >= 50, "{agreement:?}");
}

/// Every query has as many rows, scattered over the table, the scores loosely after the relevance.
fn scattered(queries: u32, rows: u32) -> Table {
    let total = queries * rows;
    let noise = |i: u32, by: u32| f64::from(i.wrapping_mul(by) % 10_007) / 10_007.0;
    let relevance = |i: u32| (noise(i, 7919) * 3.0).floor();
    Table::new()
        .numbers("query", (0..total).map(|i| f64::from(i % queries)))
        .numbers("score", (0..total).map(|i| relevance(i) / 3.0 + noise(i, 104_729)))
        .numbers("relevance", (0..total).map(relevance))
}

#[test]
fn a_sample_keeps_whole_queries_and_its_standard_errors() {
    let table = scattered(3000, 12);
    let all = evaluate::<Ranking>(&table, None, "{}").expect("a report");
    for sample in [50, 400, 2000] {
        let parameters = format!(r#"{{"sample": {sample}}}"#);
        let report = evaluate::<Ranking>(&table, None, &parameters).expect("a report");
        for name in OUTPUTS {
            let (found, all) = (report.get(name).expect("a value"), all.get(name).expect("a value"));
            let off = (found.number.expect("a number") - all.number.expect("a number")).abs();
            let error = found.standard_error.expect("an error");
            assert!(off <= 3.0 * error, "{name} of {sample}: off by {off}, {found:?}");
            assert!(
                found.note.as_ref().is_some_and(|note| note.contains(&format!("sample of {sample} of"))),
                "{found:?}"
            );
        }
        check_merging::<Ranking>(&table, None, &parameters, 1e-11);
    }
    let every = evaluate::<Ranking>(&table, None, r#"{"sample": 3000}"#).expect("a report");
    assert_eq!(every, all);
}

#[test]
fn the_state_grows_neither_with_rows_nor_beyond_the_sample() {
    for (queries, rows) in [(10, 12), (20, 1000), (200, 12), (200, 500), (5000, 12)] {
        let table = scattered(queries, rows);
        let bytes = state::<Ranking>(&table, r#"{"k": 5, "sample": 20}"#).expect("a state").len();
        assert!(bytes <= 20 * (5 * 32 + 40) + 40, "{bytes} bytes of {queries} queries with {rows} rows");
    }
}
