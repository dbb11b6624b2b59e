//! Evaluations over a small model whose numbers are computed here pair by pair.

mod columns;
mod drift;
mod loans;
mod waiting;

use serde_json::{Value, json};

use crate::harness::{JSON, NDJSON, Server};
use loans::{DAY, Loan, Loans, START};

#[tokio::test]
async fn every_period_is_aligned_to_the_start_and_right() {
    let (server, loans) = served().await;
    for (every, days, periods) in [("1d", 1, 8), ("2d", 2, 4), ("72h", 3, 3), ("1w", 7, 2), ("9d", 9, 1)] {
        let answer = server.evaluate(&with(auc(), json!({"every": every}))).await;
        let results = answer["results"].as_array().expect("results");
        assert_eq!(results.len(), periods, "{every}");
        for (result, n) in results.iter().zip(0..) {
            let days = n * days..((n + 1) * days).min(8);
            assert_eq!(result["window"]["start"], Loans::day(days.start), "{every}");
            assert_eq!(result["window"]["end"], Loans::day(days.end), "{every}");
            same(&loans, result, |loan| days.contains(&loan.day()));
        }
    }
}

#[tokio::test]
async fn slices_are_right_and_add_up_to_the_whole() {
    let (server, loans) = served().await;
    let answer = server.evaluate(&with(auc(), json!({"group_by": ["region"]}))).await;
    let slices: Vec<_> = answer["results"].as_array().expect("results").iter().collect();
    assert_eq!(
        slices.iter().map(|r| &r["slice"]).collect::<Vec<_>>(),
        [&json!({"region": "eu"}), &json!({"region": "us"})]
    );
    for slice in slices {
        same(&loans, slice, |loan| slice["slice"]["region"] == loan.region);
    }
    let request = json!({"group_by": ["region", "amount >= 500"], "where": "amount IS NOT NULL"});
    let answer = server.evaluate(&with(auc(), request)).await;
    let slices = answer["results"].as_array().expect("results");
    assert_eq!(slices.len(), 4);
    for slice in slices {
        let fits = |loan: &Loan| {
            loan.amount.is_some_and(|amount| slice["slice"]["amount >= 500"] == (amount >= 500.0))
                && slice["slice"]["region"] == loan.region
        };
        same(&loans, slice, fits);
    }
}

#[tokio::test]
async fn filters_and_expressions_choose_and_make_columns() {
    let (server, loans) = served().await;
    let answer = server.evaluate(&with(auc(), json!({"where": "amount > 300 AND region = 'eu'"}))).await;
    same(&loans, &answer["results"][0], |loan| loan.amount.is_some_and(|a| a > 300.0) && loan.region == "eu");
    let plain = server.evaluate(&auc()).await;
    let inputs =
        json!({"score": "2 * score + 1", "label": "CASE WHEN defaulted = 1 THEN 1 WHEN defaulted = 0 THEN 0 END"});
    let expressed = server.evaluate(&with(auc(), json!({"inputs": inputs}))).await;
    assert_eq!(expressed["results"][0]["values"], plain["results"][0]["values"]);
    assert_eq!(expressed["results"][0]["inputs"], inputs);
}

#[tokio::test]
async fn missing_labels_are_counted_and_left_out() {
    let (server, loans) = served().await;
    let answer = server.evaluate(&auc()).await;
    let labelled = loans.0.iter().filter(|loan| loan.defaulted.is_some()).count();
    let rows = json!({"read": loans.0.len(), "used": labelled, "missing": loans.0.len() - labelled});
    assert_eq!(answer["results"][0]["rows"], rows);
    let nothing = json!({"window": {"start": "1999-01-01T00:00:00Z", "end": "1999-01-02T00:00:00Z"}});
    let answer = server.evaluate(&with(auc(), nothing)).await;
    assert_eq!(answer["results"][0]["rows"], json!({"read": 0, "used": 0, "missing": 0}));
    let value = value(&answer["results"][0], "roc_auc");
    assert_eq!(value["value"], Value::Null);
    assert!(value["note"].as_str().is_some_and(|note| !note.is_empty()), "{value}");
}

#[tokio::test]
async fn one_class_is_undefined_with_the_reason() {
    let (server, _) = served().await;
    let answer = server.evaluate(&with(auc(), json!({"where": "defaulted = 1"}))).await;
    let value = value(&answer["results"][0], "roc_auc");
    assert_eq!(value["value"], Value::Null);
    assert!(value["note"].as_str().is_some_and(|note| note.contains("class")), "{value}");
}

#[tokio::test]
async fn lists_of_columns_repeat_the_evaluation_for_each() {
    let (server, loans) = served().await;
    let inputs = json!({"score": ["score", "-score", "amount"], "label": "defaulted"});
    let answer = server.evaluate(&with(auc(), json!({"inputs": inputs, "every": "4d"}))).await;
    let results = answer["results"].as_array().expect("results");
    assert_eq!(results.len(), 6);
    for start in [0, 4] {
        let find = |column: &str| {
            let fits = |r: &&Value| r["inputs"]["score"] == column && r["window"]["start"] == Loans::day(start);
            results.iter().find(fits).unwrap_or_else(|| panic!("no result for {column}"))
        };
        same(&loans, find("score"), |loan| (start..start + 4).contains(&loan.day()));
        let (up, down) = (number(find("score"), "roc_auc"), number(find("-score"), "roc_auc"));
        assert!((up + down - 1.0).abs() < 1e-12);
    }
}

#[tokio::test]
async fn a_dataset_is_a_reference_like_a_window_of_the_same_rows() {
    let (server, loans) = served().await;
    let lines: String = loans
        .0
        .iter()
        .filter(|loan| loan.day() < 4)
        .map(|loan| format!("{}\n", json!({"metrics": loan.metrics()})))
        .collect();
    let path = "/v1/models/loans/datasets/training";
    let headers = [("content-type", NDJSON)];
    let stored = server.send(reqwest::Method::PUT, path, &headers, lines).await;
    assert!([200, 201].contains(&stored.status), "{stored}");
    let window = json!({"start": Loans::day(4), "end": Loans::day(8)});
    for (plugin, output) in [("psi", "psi"), ("ks", "statistic")] {
        let request = json!({"model": "loans", "plugin": plugin, "inputs": {"value": "amount"}, "window": window});
        let by_window = json!({"reference": {"start": Loans::day(0), "end": Loans::day(4)}});
        let by_window = server.evaluate(&with(request.clone(), by_window)).await;
        let by_dataset = server.evaluate(&with(request, json!({"reference": {"dataset": "training"}}))).await;
        assert_eq!(by_window["results"][0]["values"], by_dataset["results"][0]["values"], "{plugin}");
        assert!(number(&by_dataset["results"][0], output) > 0.0);
    }
}

#[tokio::test]
async fn the_last_label_wins_and_late_ones_count() {
    let (server, mut loans) = served().await;
    for (index, loan) in loans.0.iter_mut().enumerate() {
        let label = i64::from(index % 2 == 0);
        loan.defaulted = Some(label);
        let row = json!({"id": loan.id, "metrics": {"defaulted": label}});
        server.post("/v1/models/loans/delayed-metrics", &row).await.expect(200);
    }
    same(&loans, &server.evaluate(&auc()).await["results"][0], |_| true);
}

#[tokio::test]
async fn results_become_aggregates_unless_told_otherwise() {
    let (server, _) = served().await;
    server.evaluate(&with(auc(), json!({"record": false}))).await;
    let list = |query: &'static str| server.get(query);
    let none = list("/v1/models/loans/aggregates").await.expect(200);
    assert_eq!(none["items"], json!([]));
    let answer = server.evaluate(&with(auc(), json!({"every": "2d", "group_by": ["region"]}))).await;
    let kept = list("/v1/models/loans/aggregates?name=roc_auc").await.expect(200);
    let kept = kept["items"].as_array().expect("items");
    assert_eq!(kept.len(), 8);
    for result in answer["results"].as_array().expect("results") {
        let row = kept.iter().find(|row| row["start"] == result["window"]["start"] && row["slice"] == result["slice"]);
        let row = row.unwrap_or_else(|| panic!("not kept: {result}"));
        assert_eq!(row["value"], value(result, "roc_auc")["value"]);
        assert_eq!((&row["source"], &row["evaluation"]), (&json!("evaluation"), &answer["id"]));
    }
    let own = json!({"start": Loans::day(0), "end": Loans::day(1), "metrics": {"revenue": 12.5, "margin": null}});
    server.post("/v1/models/loans/aggregates", &own).await.expect(200);
    let own = list("/v1/models/loans/aggregates?name=revenue").await.expect(200);
    assert_eq!((&own["items"][0]["value"], &own["items"][0]["source"]), (&json!(12.5), &json!("user")));
}

#[tokio::test]
async fn the_same_question_gets_the_same_bits_however_the_rows_lie() {
    let (mut server, _) = served().await;
    let question = with(auc(), json!({"every": "1d", "group_by": ["region"]}));
    let first = server.evaluate(&question).await;
    let kept = server.get(&format!("/v1/evaluations/{}", first["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(kept["results"], first["results"]);
    server.restart().await;
    assert_eq!(server.evaluate(&question).await["results"], first["results"], "after a restart");
    server.kill();
    server.set_options(&["--seal-rows", "10"]);
    server.start_again().await;
    let row = json!({"time": START + 100 * DAY, "metrics": {"score": 1.0}});
    server.post("/v1/models/loans/predictions", &row).await.expect(200);
    server.sealed("loans").await;
    let sealed = server.evaluate(&question).await;
    assert!(sealed["lineage"]["segments"].as_u64() > Some(0), "{}", sealed["lineage"]);
    assert_eq!(sealed["results"], first["results"], "sealed");
    server.kill();
    server.set_options(&[
        "--seal-rows",
        "10",
        "--seal-age",
        "1s",
        "--fold-rows",
        "1",
        "--maintenance-interval",
        "50ms",
    ]);
    server.start_again().await;
    server.folded("loans").await;
    let labelled = with(question, json!({"where": "labelled_at IS NOT NULL OR score < 2"}));
    assert_eq!(server.evaluate(&labelled).await["results"], first["results"], "folded");
    let none = server.evaluate(&with(auc(), json!({"where": "labelled_at < time"}))).await;
    assert_eq!(none["results"][0]["rows"]["used"], 0, "no label came before its prediction: {none}");
}

#[tokio::test]
async fn a_plugin_is_named_in_three_ways() {
    let (server, _) = served().await;
    let answer = server.evaluate(&auc()).await;
    let (version, digest) = (&answer["plugin"]["version"], &answer["plugin"]["digest"]);
    let exact = format!("roc-auc@{}", version.as_str().expect("text"));
    for name in [exact.as_str(), digest.as_str().expect("text")] {
        let named = server.evaluate(&with(auc(), json!({"plugin": name}))).await;
        assert_eq!((&named["plugin"], &named["results"]), (&answer["plugin"], &answer["results"]), "{name}");
    }
}

/// A server that holds the loans.
async fn served() -> (Server, Loans) {
    let (server, loans) = (Server::start().await, Loans::new());
    server.upload("/v1/models/loans/predictions", JSON, loans.predictions().into_bytes()).await.expect(200);
    server.upload("/v1/models/loans/delayed-metrics", JSON, loans.labels().into_bytes()).await.expect(200);
    (server, loans)
}

/// ROC AUC over all eight days.
fn auc() -> Value {
    json!({
        "model": "loans", "plugin": "roc-auc", "inputs": {"score": "score", "label": "defaulted"},
        "window": {"start": Loans::day(0), "end": Loans::day(8)},
    })
}

fn with(mut request: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().expect("an object") {
        request[key] = value.clone();
    }
    request
}

fn value<'a>(result: &'a Value, name: &str) -> &'a Value {
    let values = result["values"].as_array().expect("values");
    values.iter().find(|value| value["name"] == name).unwrap_or_else(|| panic!("no {name} in {result}"))
}

fn number(result: &Value, name: &str) -> f64 {
    value(result, name)["value"].as_f64().unwrap_or_else(|| panic!("{name} is undefined: {result}"))
}

/// Checks a result's ROC AUC and row count against all pairs of the loans that belong to it.
fn same(loans: &Loans, result: &Value, belongs: impl Fn(&Loan) -> bool) {
    let chosen: Vec<_> = loans.0.iter().filter(|loan| belongs(loan)).collect();
    assert_eq!(result["rows"]["read"], chosen.len(), "{result}");
    let (expected, got) = (loans::roc_auc(&chosen), number(result, "roc_auc"));
    assert!((expected - got).abs() < 1e-12, "expected {expected}, got {got}: {result}");
}
