//! Many columns in one evaluation: each has the bits that it has alone, and what can't be measured says why.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Loans, number, served, with};
use crate::harness::{JSON, NDJSON, Server};

/// A drift plugin over the later half of the loans, against the earlier half.
fn drifted(plugin: &str, columns: Value) -> Value {
    json!({
        "model": "loans", "plugin": plugin, "inputs": {"value": columns},
        "window": {"start": Loans::day(4), "end": Loans::day(8)},
        "reference": {"start": Loans::day(0), "end": Loans::day(4)},
    })
}

/// The columns of the results, each once, in the order of the first window and slice.
fn columns(answer: &Value) -> Vec<&str> {
    let mut columns: Vec<&str> = Vec::new();
    for result in answer["results"].as_array().expect("results") {
        let column = result["inputs"]["value"].as_str().expect("one column");
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// The columns that were left out, with why.
fn left_out(answer: &Value) -> Vec<(&str, &str)> {
    let items = answer["left_out"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|left| (left["column"].as_str().expect("text"), left["reason"].as_str().expect("text"))).collect()
}

async fn put_dataset(server: &Server, name: &str, rows: impl Iterator<Item = Value>) {
    let lines: String = rows.map(|metrics| format!("{}\n", json!({"metrics": metrics}))).collect();
    let path = format!("/v1/models/loans/datasets/{name}");
    let stored = server.send(Method::PUT, &path, &[("content-type", NDJSON)], lines).await;
    assert!([200, 201].contains(&stored.status), "{stored}");
}

#[tokio::test]
async fn each_of_many_columns_has_the_bits_that_it_has_alone() {
    let (mut server, loans) = served().await;
    put_dataset(&server, "training", loans.0.iter().filter(|loan| loan.day() < 4).map(|loan| loan.metrics())).await;
    let variations = [
        json!({}),
        json!({"every": "1d", "where": "score > 0.1"}),
        json!({"group_by": ["region", "score > 0.5"]}),
        json!({"reference": {"dataset": "training"}, "every": "2d", "group_by": ["region"]}),
    ];
    for options in [&[][..], &["--seal-rows", "100", "--seal-age", "1s", "--maintenance-interval", "50ms"]] {
        server.kill();
        server.set_options(options);
        server.start_again().await;
        if !options.is_empty() {
            server.sealed("loans").await;
        }
        for plugin in ["psi", "ks"] {
            for changes in &variations {
                let all = server.evaluate(&with(drifted(plugin, json!("*")), changes.clone())).await;
                let columns = columns(&all);
                assert!(columns.contains(&"score") && columns.contains(&"amount"), "{plugin}: {columns:?}");
                for column in &columns {
                    let alone = server.evaluate(&with(drifted(plugin, json!(column)), changes.clone())).await;
                    let results = all["results"].as_array().expect("results").iter();
                    let among: Vec<_> = results.filter(|result| result["inputs"]["value"] == *column).collect();
                    let alone: Vec<_> = alone["results"].as_array().expect("results").iter().collect();
                    assert_eq!(among, alone, "{plugin} of {column} under {changes}");
                }
                let listed = server.evaluate(&with(drifted(plugin, json!(columns)), changes.clone())).await;
                assert_eq!(listed["results"], all["results"], "{plugin} under {changes}");
                assert_eq!(listed["drift"], all["drift"], "{plugin} under {changes}");
            }
        }
    }
}

#[tokio::test]
async fn a_star_leaves_out_what_does_not_fit_and_says_why() {
    let (server, loans) = served().await;
    let training = loans.0.iter().map(|loan| json!({"score": loan.score, "region": loan.region, "later": "much"}));
    put_dataset(&server, "training", training).await;
    // What came into the model after the dataset may be of another type there.
    let row = json!({"time": super::START, "metrics": {"later": 1.5}});
    server.post("/v1/models/loans/predictions", &row).await.expect(200);
    let by_dataset = json!({"reference": {"dataset": "training"}});
    for (plugin, changes, expected, missing) in [
        ("psi", json!({}), vec!["score", "region", "amount", "defaulted", "later"], vec![]),
        ("ks", json!({}), vec!["score", "amount", "defaulted", "later"], vec![("region", "takes number")]),
        (
            "psi",
            json!({"group_by": ["region"]}),
            vec!["score", "amount", "defaulted", "later"],
            vec![("region", "grouped")],
        ),
        (
            "psi",
            by_dataset.clone(),
            vec!["score", "region"],
            vec![
                ("later", "text values in dataset `training`"),
                ("amount", "does not have it"),
                ("defaulted", "does not have it"),
            ],
        ),
        (
            "psi",
            json!({"inputs": {"value": ["region", "*", "score * 2"]}}),
            vec!["region", "score", "amount", "defaulted", "later", "score * 2"],
            vec![],
        ),
    ] {
        let answer = server.evaluate(&with(drifted(plugin, json!("*")), changes.clone())).await;
        let mut got = columns(&answer);
        let mut expected = expected;
        got.sort_unstable();
        expected.sort_unstable();
        assert_eq!(got, expected, "{plugin} {changes}");
        let left_out = left_out(&answer);
        assert_eq!(left_out.len(), missing.len(), "{plugin} {changes}: {left_out:?}");
        for (column, word) in missing {
            let found = left_out.iter().find(|(name, _)| *name == column);
            assert!(found.is_some_and(|(_, reason)| reason.contains(word)), "{column}: {left_out:?}");
        }
    }
    // A name in a list is asked for: it is not left out but refused.
    for (columns, code) in
        [(json!(["score", "defaulted"]), "unknown_column"), (json!(["later"]), "input_kind_mismatch")]
    {
        let reply = server.post("/v1/evaluations", &with(drifted("psi", columns), by_dataset.clone())).await;
        reply.expect_problem(422, code, "inputs.value");
        assert!(reply.json()["detail"].as_str().is_some_and(|detail| detail.contains("`training`")), "{reply}");
    }
    let scores = json!({"score": "*", "label": "defaulted"});
    let request = json!({"model": "loans", "plugin": "roc-auc", "inputs": scores,
        "window": {"start": Loans::day(0), "end": Loans::day(8)}});
    let answer = server.evaluate(&request).await;
    let fed: Vec<_> = answer["results"].as_array().expect("results").iter().map(|r| &r["inputs"]).collect();
    assert!(fed.iter().all(|inputs| inputs["label"] == "defaulted" && inputs["score"] != "defaulted"), "{fed:?}");
    assert_eq!(answer.get("drift"), None, "roc-auc has no reference");
}

#[tokio::test]
async fn columns_that_came_later_are_undefined_where_they_are_not_and_measured_where_they_are() {
    let (server, _) = served().await;
    let late: Vec<_> = (0..50)
        .map(|n| json!({"time": super::START + 7 * super::DAY + n * 1000, "metrics": {"score": 0.5, "late": n, "word": "w"}}))
        .collect();
    server.upload("/v1/models/loans/predictions", JSON, json!(late).to_string().into_bytes()).await.expect(200);
    let answer = server.evaluate(&with(drifted("ks", json!("*")), json!({"every": "2d"}))).await;
    for result in answer["results"].as_array().expect("results") {
        if result["inputs"]["value"] != "late" {
            continue;
        }
        let value = super::value(result, "p_value");
        assert_eq!(value["value"], Value::Null, "nothing to compare with: {result}");
        assert!(value["note"].as_str().is_some_and(|note| !note.is_empty()), "{value}");
    }
    let shares = answer["drift"]["windows"].as_array().expect("windows");
    assert_eq!(shares.len(), 2);
    for share in shares {
        let columns = share["columns"].as_array().expect("columns");
        let late = columns.iter().find(|column| column["inputs"]["value"] == "late").expect("it is listed");
        assert_eq!((&late["value"], &late["drifted"]), (&Value::Null, &Value::Null), "{late}");
        assert_eq!(share["tested_columns"], columns.len() as u64 - 1, "what has no value is not tested: {share}");
    }
    // Compared with itself it is there.
    let last = json!({"start": Loans::day(7), "end": Loans::day(8)});
    let itself = with(drifted("ks", json!(["late", "score"])), json!({"window": last, "reference": last}));
    let answer = server.evaluate(&itself).await;
    assert_eq!(number(&answer["results"][0], "statistic"), 0.0);
}
