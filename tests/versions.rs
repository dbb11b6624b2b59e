//! Versions of plugins: aliases that move while evaluations run, retiring and rolling back, an older contract.

mod comparing;

use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Guest, Server, driftline, repository, succeed};

const WASM: &str = "application/wasm";

/// A server with ten rows, 0 to 9, and versions of `sum` that each add something of their own.
async fn served(versions: &[(&str, f64)]) -> Server {
    let server = Server::start().await;
    let rows: Vec<_> = (0..10).map(|n| json!({"time": n, "metrics": {"value": n}})).collect();
    server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    for (version, number) in versions {
        server.upload("/v1/plugins", WASM, Guest::new("sum", version).plus(*number).wasm()).await.expect(201);
    }
    server
}

fn request(plugin: &str) -> Value {
    json!({"model": "m", "plugin": plugin, "inputs": {"value": "value"}, "window": {"start": 0, "end": 10}, "record": false})
}

/// The version that ran and what it found.
fn ran(answer: &Value) -> (String, f64) {
    let value = answer["results"][0]["values"][0]["value"].as_f64().unwrap_or_else(|| panic!("no value: {answer}"));
    (answer["plugin"]["version"].as_str().expect("a version").to_owned(), value)
}

async fn set(server: &Server, alias: &str, version: &str) -> Value {
    server.put(&format!("/v1/plugins/sum/aliases/{alias}"), &json!({"version": version})).await.expect(200)
}

#[tokio::test]
async fn an_alias_is_used_wherever_a_plugin_is_named() {
    let mut server = served(&[("1.0.0", 100.0), ("1.1.0", 200.0), ("2.0.0-rc.1", 300.0)]).await;
    set(&server, "stable", "1.0.0").await;
    set(&server, "next", "2.0.0-rc.1").await;
    server.restart().await;
    for (plugin, expected) in [
        ("sum", ("1.1.0", 245.0)),
        ("sum@latest", ("1.1.0", 245.0)),
        ("sum@stable", ("1.0.0", 145.0)),
        ("sum@next", ("2.0.0-rc.1", 345.0)),
        ("sum@1.1.0", ("1.1.0", 245.0)),
    ] {
        let (version, value) = ran(&server.evaluate(&request(plugin)).await);
        assert_eq!((version.as_str(), value), expected, "{plugin}");
        let shown = server.get(&format!("/v1/plugins/{plugin}")).await.expect(200);
        assert_eq!(shown["version"], expected.0, "{plugin}");
        let fetched = server.get(&format!("/v1/plugins/{plugin}/wasm")).await;
        assert_eq!(fetched.header("etag"), format!("\"{}\"", shown["digest"].as_str().expect("a digest")));
    }
    let standing = server.get("/v1/plugins/sum").await.expect(200)["standing"].take();
    assert_eq!(standing["latest"], "1.1.0");
    let aliases = standing["aliases"].as_array().expect("aliases").iter();
    let aliases: Vec<_> = aliases.map(|alias| (alias["name"].clone(), alias["version"].clone())).collect();
    assert_eq!(json!(aliases), json!([["next", "2.0.0-rc.1"], ["stable", "1.0.0"]]));
    assert_eq!(server.get("/v1/plugins/sum/aliases").await.expect(200)["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_alias_is_rolled_back_and_its_moves_are_on_record() {
    let server = served(&[("1.0.0", 100.0), ("1.1.0", 200.0)]).await;
    let (url, stable) = (server.url(), "sum@stable");
    let alias = |arguments: &[&str]| succeed(&[&["plugin", "alias"], arguments, &["--server", url]].concat(), &[]);
    alias(&["set", stable, "1.0.0"]);
    assert!(alias(&["set", stable, "latest"]).contains("means 1.1.0"), "what `latest` means now");
    assert_eq!(ran(&server.evaluate(&request(stable)).await).0, "1.1.0");
    assert!(alias(&["rollback", stable]).contains("means 1.0.0"));
    assert_eq!(ran(&server.evaluate(&request(stable)).await).0, "1.0.0");
    let listed = alias(&["list", "sum"]);
    assert!(listed.contains("stable") && listed.contains("1.0.0"), "{listed}");
    let shown = alias(&["show", stable]);
    assert!(shown.contains("rolled_back") && shown.contains("1.1.0"), "{shown}");
    alias(&["remove", stable]);
    server.post("/v1/evaluations", &request(stable)).await.expect_problem(404, "plugin_not_found", "plugin");
    let moves = server.get("/v1/plugins/sum/aliases/stable").await.expect(200)["moves"].take();
    let moves: Vec<_> =
        moves.as_array().expect("moves").iter().map(|m| json!([m["kind"], m["from"], m["to"]])).collect();
    let expected = json!([
        ["removed", "1.0.0", null],
        ["rolled_back", "1.1.0", "1.0.0"],
        ["set", "1.0.0", "1.1.0"],
        ["set", null, "1.0.0"],
    ]);
    assert_eq!(json!(moves), expected);
}

#[tokio::test]
async fn what_can_not_be_done_to_an_alias_is_refused() {
    let server = served(&[("1.0.0", 0.0), ("2.0.0", 0.0)]).await;
    set(&server, "stable", "2.0.0").await;
    server.delete("/v1/plugins/sum@1.0.0").await.expect(200);
    let put = |version: &str| json!({ "version": version });
    for (method, path, body, status, code, field) in [
        (Method::PUT, "sum/aliases/latest", put("1.0.0"), 422, "invalid_alias", "alias"),
        (Method::PUT, "sum/aliases/1.2.3", put("1.0.0"), 422, "invalid_alias", "alias"),
        (Method::PUT, "sum/aliases/s", put("3.0.0"), 404, "plugin_not_found", "plugin"),
        (Method::PUT, "none/aliases/s", put("1.0.0"), 404, "plugin_not_found", "plugin"),
        (Method::PUT, "sum/aliases/s", put("a b"), 422, "invalid_plugin", "version"),
        (Method::PUT, "sum/aliases/s", put("1.0.0"), 409, "plugin_retired", ""),
        (Method::PUT, "sum/aliases/s", json!({}), 422, "missing_field", "version"),
        (Method::GET, "sum/aliases/s", json!(null), 404, "alias_not_found", "alias"),
        (Method::GET, "none/aliases", json!(null), 404, "plugin_not_found", "plugin"),
        (Method::DELETE, "sum/aliases/s", json!(null), 404, "alias_not_found", "alias"),
        (Method::POST, "sum/aliases/s/rollback", json!(null), 404, "alias_not_found", "alias"),
        (Method::POST, "sum/aliases/stable/rollback", json!(null), 409, "nothing_to_roll_back", ""),
        (Method::DELETE, "sum@2.0.0", json!(null), 409, "plugin_aliased", ""),
        (Method::POST, "sum@9.0.0/reinstate", json!(null), 404, "plugin_not_found", "plugin"),
    ] {
        let headers = [("content-type", "application/json")];
        let reply = server.send(method, &format!("/v1/plugins/{path}"), &headers, body.to_string()).await;
        reply.expect_problem(status, code, field);
    }
}

#[tokio::test]
async fn a_retired_version_is_reinstated() {
    let server = served(&[("1.0.0", 100.0), ("1.1.0", 200.0)]).await;
    let run = |action: &str| succeed(&["plugin", action, "sum@1.1.0", "--server", server.url()], &[]);
    assert!(run("retire").contains("sum@1.1.0 is retired"));
    assert_eq!(ran(&server.evaluate(&request("sum")).await).0, "1.0.0");
    assert!(run("reinstate").contains("sum@1.1.0 is back"));
    assert_eq!(ran(&server.evaluate(&request("sum")).await).0, "1.1.0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_replaced_while_evaluations_run() {
    let server = served(&[("1.0.0", 100.0), ("1.1.0", 200.0)]).await;
    set(&server, "stable", "1.0.0").await;
    let is_over = AtomicBool::new(false);
    let moving = async {
        for at in 0..20 {
            set(&server, "stable", if at % 2 == 0 { "1.1.0" } else { "1.0.0" }).await;
            if at == 10 {
                server.upload("/v1/plugins", WASM, Guest::new("sum", "1.2.0").plus(300.0).wasm()).await.expect(201);
            }
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let evaluating = async {
        let mut seen = Vec::new();
        while !is_over.load(Ordering::Relaxed) || seen.len() < 20 {
            seen.push(ran(&server.evaluate(&request("sum@stable")).await));
        }
        seen
    };
    let ((), seen) = tokio::join!(moving, evaluating);
    // What is said to have run is what has run.
    for (version, value) in &seen {
        assert_eq!(*value, if version == "1.0.0" { 145.0 } else { 245.0 }, "{version}");
    }
    assert_eq!(ran(&server.evaluate(&request("sum")).await), ("1.2.0".to_owned(), 345.0));
}

#[tokio::test]
async fn an_evaluation_keeps_the_version_that_it_began_with() {
    let server = served(&[("1.1.0", 200.0)]).await;
    let busy = "(local.set $cell (i32.const 0)) (loop $busy (local.set $cell (i32.add (local.get $cell) (i32.const 1)))
        (br_if $busy (i32.lt_u (local.get $cell) (i32.const 200000000))))";
    let slow = Guest::new("sum", "1.0.0").with_ten_rows(busy);
    let installed = server.upload("/v1/plugins", WASM, slow.wasm()).await.expect(201);
    set(&server, "stable", "1.0.0").await;
    let begun = server.post("/v1/evaluations?wait=0", &request("sum@stable")).await.json();
    let id = begun["id"].as_str().expect("an id");
    set(&server, "stable", "1.1.0").await;
    server.delete("/v1/plugins/sum@1.0.0").await.expect(200);
    assert_eq!(ran(&server.evaluate(&request("sum@stable")).await).0, "1.1.0");
    let ended = loop {
        let shown = server.get(&format!("/v1/evaluations/{id}")).await.expect(200);
        if shown["progress"].is_null() {
            break shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!((&ended["status"], &ended["plugin"]["digest"]), (&json!("succeeded"), &installed["digest"]), "{ended}");
    assert_eq!(ended["request"]["plugin"], "sum@stable", "what was asked stays as it was");
}

#[tokio::test]
async fn a_plugin_of_the_frozen_contract_runs_beside_one_of_the_newest() {
    let server = served(&[]).await;
    let frozen = std::fs::read(repository("tests/fixtures/contract-0.1.0.wasm")).expect("the fixture");
    assert_eq!(server.upload("/v1/plugins", WASM, frozen).await.expect(201)["name"], "cost-by-segment");
    let newest = Guest::new("sum", "1.0.0").wasm_of("0.1.1");
    server.upload("/v1/plugins", WASM, newest).await.expect(201);
    let rows: Vec<_> = (0..8)
        .map(|n| json!({"time": n, "metrics": {"score": f64::from(n) / 8.0, "label": n % 2, "place": if n < 4 { "a" } else { "b" }}}))
        .collect();
    server.post("/v1/models/costs/predictions", &json!(rows)).await.expect(200);
    // Of the scores below 0.5 two are missed positives, of those above two are false alarms: 2 x 5 and 2 x 1.
    let costs = json!({"model": "costs", "plugin": "cost-by-segment", "window": {"start": 0, "end": 8},
        "inputs": {"score": "score", "label": "label", "segment": "place"}});
    let answer = server.evaluate(&costs).await;
    let values = answer["results"][0]["values"].as_array().expect("values").iter();
    let values: Vec<_> = values.map(|value| (value["name"].clone(), value["value"].clone())).collect();
    for expected in [("cost_per_prediction", 1.5), ("worst_segment_cost", 2.5), ("cost/a", 2.5), ("cost/b", 0.5)] {
        assert!(values.contains(&(json!(expected.0), json!(expected.1))), "{expected:?}: {values:?}");
    }
    assert_eq!(ran(&server.evaluate(&request("sum")).await).1, 45.0);
    let unknown = server.upload("/v1/plugins", WASM, Guest::new("sum", "9.0.0").wasm_of("9.0.0")).await;
    unknown.expect_problem(422, "contract_version", "");
    let detail = unknown.json()["detail"].as_str().expect("a detail").to_owned();
    assert!(detail.contains("driftline:metric@9.0.0") && detail.contains("driftline:metric@0.1.1"), "{detail}");
}

#[test]
fn commands_that_need_an_alias_say_how_it_is_written() {
    let (code, printed) = driftline(&["plugin", "alias", "set", "sum", "1.0.0", "--server", "http://127.0.0.1:9"], &[]);
    assert_eq!(code, Some(1));
    assert!(printed.contains("NAME@ALIAS"), "{printed}");
}
