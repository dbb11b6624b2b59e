//! Plugins come in over HTTP, are shown, fetched back and retired; what is no plugin is refused with advice.

use reqwest::Method;
use serde_json::json;

use crate::harness::{KEEP_FIRST, SUM, Server, driftline, guest, repository};

const WASM: &str = "application/wasm";

#[tokio::test]
async fn the_standard_plugins_are_there_from_the_first_start() {
    let mut server = Server::start().await;
    for start in ["the first", "the second"] {
        let plugins = server.get("/v1/plugins").await.expect(200);
        let items = plugins["items"].as_array().expect("items").iter();
        let names: Vec<_> = items.map(|plugin| plugin["name"].as_str().expect("a name")).collect();
        assert_eq!(names, built_names(), "{start}");
        server.restart().await;
    }
    for (plugin, inputs, outputs, reference) in [
        ("roc-auc", vec!["score", "label"], vec!["roc_auc", "gini"], "none"),
        ("psi", vec!["value"], vec!["psi"], "required"),
        ("ks", vec!["value"], vec!["statistic", "p_value", "location"], "required"),
        ("summary", vec!["value"], vec!["count", "missing", "mean", "p50", "distinct"], "none"),
    ] {
        let description = server.get(&format!("/v1/plugins/{plugin}")).await.expect(200)["description"].take();
        let names = |key: &str| -> Vec<String> {
            let items = description[key].as_array().expect("a list").iter();
            items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
        };
        assert!(inputs.iter().all(|name| names("inputs").iter().any(|n| n == name)), "{plugin}: {description}");
        assert!(outputs.iter().all(|name| names("outputs").iter().any(|n| n == name)), "{plugin}: {description}");
        assert_eq!(description["reference"], reference, "{plugin}");
        assert!(description["doc"].as_str().is_some_and(|doc| doc.len() > 20), "{plugin}");
    }
}

#[tokio::test]
async fn the_catalogue_says_what_each_is_for_and_its_example_runs() {
    let server = Server::start().await;
    let rows: Vec<_> = (0..30).map(|n| json!({"metrics": {"score": n * 7 % 20, "label": n % 2}})).collect();
    server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    server.put("/v1/models/m/datasets/training", &json!(rows)).await.expect(200);
    let catalogue = server.get("/v1/plugins").await.expect(200);
    for (plugin, group, word) in
        [("psi", "drift", "stability"), ("ks", "drift", "Kolmogorov"), ("roc-auc", "quality", "ROC curve")]
    {
        let listed = catalogue["items"].as_array().expect("items").iter().find(|item| item["name"] == plugin);
        let listed = listed.unwrap_or_else(|| panic!("no {plugin}"));
        assert_eq!(listed["group"], group, "{plugin}");
        let purpose = listed["purpose"].as_str().expect("a line");
        assert!(purpose.contains(word) && purpose.len() < 120 && !purpose.contains('\n'), "{purpose}");
        let mut example = server.get(&format!("/v1/plugins/{plugin}")).await.expect(200)["example"].take();
        example["model"] = json!("m");
        let answer = server.evaluate(&example).await;
        assert!(answer["results"].as_array().is_some_and(|results| !results.is_empty()), "{example}");
    }
}

#[tokio::test]
async fn bytes_come_back_as_they_were_and_a_second_upload_changes_nothing() {
    let server = Server::start().await;
    let bytes = built("roc-auc");
    let again = server.upload("/v1/plugins", WASM, bytes.clone()).await.expect(200);
    assert_eq!(again["already_installed"], true);
    let fetched = server.get("/v1/plugins/roc-auc/wasm").await;
    assert_eq!((fetched.status, fetched.header("content-type")), (200, WASM));
    assert_eq!(fetched.body, bytes);
    let digest = again["digest"].as_str().expect("a digest");
    for name in ["roc-auc", &format!("roc-auc@{}", again["version"].as_str().expect("a version")), digest] {
        let shown = server.get(&format!("/v1/plugins/{name}")).await.expect(200);
        assert_eq!((&shown["digest"], &shown["size_bytes"]), (&again["digest"], &json!(bytes.len())), "{name}");
    }
}

#[tokio::test]
async fn a_core_module_is_made_a_component() {
    let server = Server::start().await;
    // The same metric without the component around it, under a version that is not taken.
    let component = built("roc-auc");
    let module = wasmparser::Parser::new(0)
        .parse_all(&component)
        .find_map(|payload| match payload.expect("a valid component") {
            wasmparser::Payload::ModuleSection { unchecked_range, .. } => Some(component[unchecked_range].to_vec()),
            _ => None,
        })
        .expect("a module inside");
    let installed = server.upload("/v1/plugins", WASM, renumbered(module, b"1.0.0", b"1.0.1")).await.expect(201);
    assert_eq!((&installed["name"], &installed["version"]), (&json!("roc-auc"), &json!("1.0.1")));
    let rows: Vec<_> = (0..20).map(|n| json!({"time": n, "metrics": {"score": n * 7 % 20, "label": n % 2}})).collect();
    server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    let mut request = json!({
        "model": "m", "inputs": {"score": "score", "label": "label"}, "window": {"start": 0, "end": 20},
    });
    let mut results = Vec::new();
    for plugin in ["roc-auc@1.0.0", "roc-auc@1.0.1"] {
        request["plugin"] = json!(plugin);
        results.push(server.evaluate(&request).await["results"].take());
    }
    assert_eq!(results[0], results[1]);
}

fn renumbered(mut bytes: Vec<u8>, from: &[u8; 5], to: &[u8; 5]) -> Vec<u8> {
    let places: Vec<_> = bytes.windows(5).enumerate().filter(|(_, part)| part == from).map(|(at, _)| at).collect();
    for at in places {
        bytes[at..at + 5].copy_from_slice(to);
    }
    bytes
}

#[tokio::test]
async fn a_retired_plugin_is_not_used_any_more_but_can_still_be_read() {
    let server = Server::start().await;
    let row = json!({"time": 0, "metrics": {"score": 0.5, "label": 1}});
    server.post("/v1/models/m/predictions", &row).await.expect(200);
    let request = json!({
        "model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "label"},
        "window": {"start": 0, "end": 1},
    });
    let before = server.evaluate(&request).await;
    let version = before["plugin"]["version"].as_str().expect("a version");
    let reply = server.delete(&format!("/v1/plugins/roc-auc@{version}")).await;
    assert!([200, 204].contains(&reply.status), "{reply}");
    server.post("/v1/evaluations", &request).await.expect_problem(404, "plugin_not_found", "plugin");
    assert_eq!(retired(&server).await, ["roc-auc"]);
    // What it computed stays explainable: by its digest it is still there.
    let digest = before["plugin"]["digest"].as_str().expect("a digest");
    let shown = server.get(&format!("/v1/plugins/{digest}")).await.expect(200);
    assert!(shown["retired"].is_string(), "{shown}");
    assert_eq!(server.get(&format!("/v1/plugins/{digest}/wasm")).await.body, built("roc-auc"));
}

#[tokio::test]
async fn retired_standard_plugins_stay_retired_after_a_restart() {
    let mut server = Server::start().await;
    let version = server.get("/v1/plugins/ks").await.expect(200)["version"].as_str().expect("a version").to_owned();
    server.delete(&format!("/v1/plugins/ks@{version}")).await;
    server.restart().await;
    assert_eq!(retired(&server).await, ["ks"]);
}

#[tokio::test]
async fn damaged_plugins_are_refused_wherever_they_are_cut() {
    let server = Server::start().await;
    let bytes = built("psi");
    for cut in (9..bytes.len()).step_by(bytes.len() / 25) {
        let reply = server.upload("/v1/plugins", WASM, bytes[..cut].to_vec()).await;
        reply.expect_problem(422, "truncated", "");
    }
    let mut padded = bytes.clone();
    padded.extend_from_slice(b"and something more");
    let reply = server.upload("/v1/plugins", WASM, padded).await;
    assert_eq!(reply.status, 422, "{reply}");
}

#[tokio::test]
async fn refusals_tell_the_author_what_to_do() {
    let server = Server::start().await;
    let other_world = "(component (import \"wasi:http/types@0.2.0\" (instance)))";
    let foreign_import = "(module (import \"env\" \"clock\" (func)) (memory (export \"memory\") 1))";
    let threads = "(module (memory 1 2 shared))";
    for (source, code, word) in [
        (other_world, "world_mismatch", "driftline:metric"),
        (foreign_import, "world_mismatch", "driftline:metric"),
        (threads, "invalid_wasm", ""),
    ] {
        let bytes = wat::parse_str(source).expect("text form");
        let reply = server.upload("/v1/plugins", WASM, bytes).await;
        reply.expect_problem(422, code, "");
        let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(word), "{source}: {detail}");
    }
    let reply = server.try_send(Method::POST, "/v1/plugins", &[("content-type", WASM)], vec![0; 80 << 20]).await;
    if let Ok(reply) = reply {
        assert_eq!(reply.status, 413, "{reply}");
    }
    assert_eq!(
        server.get("/v1/plugins").await.expect(200)["items"].as_array().map(Vec::len),
        Some(built_names().len())
    );
}

#[tokio::test]
async fn a_plugin_that_breaks_a_law_is_refused_unless_it_does_not_claim_it() {
    let server = Server::start().await;
    let sum = |name: &str, more: &str| {
        let description = format!(
            r#"{{"name": "{name}", "version": "1.0.0", "inputs": [{{"name": "value"}}], "outputs": [{{"name": "a"}}]{more}}}"#
        );
        guest(&description, &[("UPDATE", SUM), ("MERGE", KEEP_FIRST)])
    };
    let reply = server.upload("/v1/plugins", WASM, sum("lawless", "")).await;
    reply.expect_problem(422, "law_broken", "laws.split");
    let detail = reply.json()["detail"].as_str().expect("a detail").to_owned();
    for word in ["`split`", r#"{"value":-14.875}"#, "`a` is -14.875", "and must be", "\"merges\": false"] {
        assert!(detail.contains(word), "{word}: {detail}");
    }
    assert_eq!(server.get("/v1/plugins/lawless").await.status, 404);

    let trapping =
        r#"{"name": "trapping", "version": "1.0.0", "inputs": [{"name": "value"}], "outputs": [{"name": "a"}]}"#;
    let reply = server.upload("/v1/plugins", WASM, guest(trapping, &[("UPDATE", "unreachable")])).await;
    reply.expect_problem(422, "law_broken", "laws.rows");
    assert!(reply.text().contains("plugin_trap"), "{reply}");

    let whole = server.upload("/v1/plugins", WASM, sum("whole", r#", "merges": false"#)).await.expect(201);
    let verdicts = |laws: &serde_json::Value| -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let findings = laws["findings"].as_array().expect("findings").iter();
        findings.map(|finding| (text(&finding["law"]), text(&finding["verdict"]))).collect()
    };
    let of_merging = ["state", "identity", "split", "associativity", "order"];
    for (law, verdict) in verdicts(&whole["laws"]) {
        assert_eq!(verdict == "not_claimed", of_merging.contains(&law.as_str()), "{whole}");
    }
    let rows: Vec<_> = (0..20).map(|n| json!({"time": n, "metrics": {"value": n}})).collect();
    server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    let request = json!({
        "model": "m", "plugin": "whole", "inputs": {"value": "value"}, "window": {"start": 0, "end": 20},
    });
    assert_eq!(server.evaluate(&request).await["results"][0]["values"][0]["value"], 190.0);

    // What was found is on its page, and an upload of the same bytes looks no more.
    let custom = std::fs::read(repository("examples/custom-metric/rust/cost-by-segment.wasm")).expect("a built plugin");
    let installed = server.upload("/v1/plugins", WASM, custom.clone()).await.expect(201);
    assert_eq!(installed["laws"]["checked"], "upload");
    assert!(installed["laws"]["rows"].as_u64().is_some_and(|rows| rows > 0), "{installed}");
    for (law, verdict) in verdicts(&installed["laws"]) {
        assert_eq!(verdict, if law == "nulls" { "not_checked" } else { "holds" }, "{installed}");
    }
    println!("the laws of a Rust guest take {} ms", installed["laws"]["took_ms"]);
    let shown = server.get("/v1/plugins/cost-by-segment").await.expect(200);
    assert_eq!(shown["laws"], installed["laws"]);
    let again = server.upload("/v1/plugins", WASM, custom).await.expect(200);
    assert_eq!(again["laws"], installed["laws"]);

    let hostile = std::fs::read(repository("tests/hostile/built/hostile.wasm")).expect("a built guest");
    let installed = server.upload("/v1/plugins", WASM, hostile).await.expect(201);
    let note = installed["laws"]["findings"][0]["note"].as_str().expect("a note").to_owned();
    assert!(note.contains("`behaviour` has neither a default nor an example"), "{note}");
    let standard = server.get("/v1/plugins/psi").await.expect(200);
    assert_eq!(standard["laws"]["checked"], "release");
}

#[tokio::test]
async fn what_a_plugin_logs_is_kept_with_the_evaluation_and_shown() {
    let server = Server::start().await;
    let rows: Vec<_> = (0..20).map(|n| json!({"time": n, "metrics": {"value": n}})).collect();
    server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    let log = "(call $log (i32.const 2) (i32.const 2049) (i32.const 6))";
    // It fails only where a value is 19, which no generated row has.
    let trap = "(call $numbers (i32.const 0) (i32.const 256))
        (if (f64.eq (f64.load (i32.add (i32.load (i32.const 256)) (i32.const 152))) (f64.const 19)) (then unreachable))";
    for (name, body) in [("talking", format!("{log} {SUM}")), ("failing", format!("{log} {trap} {SUM}"))] {
        let description = format!(
            r#"{{"name": "{name}", "version": "1.0.0", "inputs": [{{"name": "value"}}], "outputs": [{{"name": "a"}}]}}"#
        );
        server.upload("/v1/plugins", WASM, guest(&description, &[("UPDATE", &body)])).await.expect(201);
        let request =
            json!({"model": "m", "plugin": name, "inputs": {"value": "value"}, "window": {"start": 0, "end": 20}});
        let answer = server.post("/v1/evaluations", &request).await.expect(200);
        let id = answer["id"].as_str().expect("an id");
        let kept = server.get(&format!("/v1/evaluations/{id}")).await.expect(200);
        let lines = if name == "failing" { &kept["failure"]["log"] } else { &kept["log"] };
        assert_eq!(*lines, json!(["warn: \"name\""]), "{kept}");
        let flags = ["--start", "1970-01-01T00:00:00Z", "--end", "1970-01-02T00:00:00Z", "--server", server.url()];
        let asked = ["evaluate", "--model", "m", "--plugin", name, "--input", "value=value"];
        let (_, printed) = driftline(&[&asked[..], &flags].concat(), &[]);
        assert!(printed.contains("log: warn: \"name\""), "{printed}");
    }
}

/// The names of the plugins that the list shows as retired.
async fn retired(server: &Server) -> Vec<String> {
    let listed = server.get("/v1/plugins").await.expect(200);
    let items = listed["items"].as_array().expect("items").iter();
    items
        .filter(|plugin| plugin["retired"].is_string())
        .map(|p| p["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// The names of all standard plugins, in order.
fn built_names() -> Vec<String> {
    let files = std::fs::read_dir(repository("plugins/built")).expect("the built plugins");
    let names = files.filter_map(|file| {
        let name = file.expect("listed").file_name().into_string().expect("UTF-8");
        name.strip_suffix(".wasm").map(str::to_owned)
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn built(name: &str) -> Vec<u8> {
    std::fs::read(repository(&format!("plugins/built/{name}.wasm"))).expect("a built plugin")
}
