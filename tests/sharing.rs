//! Many people's plugins on one server: limits of their own, who signed them, uploads that stall nobody.

mod fuel;
mod limits;
mod signing;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Guest, Server};

const WASM: &str = "application/wasm";

/// A server with ten rows, 0 to 9.
async fn served(options: &[&str]) -> Server {
    let server = Server::start_with(options).await;
    let rows: Vec<_> = (0..10).map(|n| json!({"time": n, "metrics": {"value": n}})).collect();
    server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    server
}

fn sum(name: &str) -> Guest {
    Guest::new(name, "1.0.0")
}

fn request(plugin: &str) -> Value {
    json!({"model": "m", "plugin": plugin, "inputs": {"value": "value"}, "window": {"start": 0, "end": 10}})
}

#[tokio::test]
async fn a_plugin_lowers_the_servers_limits_and_is_held_to_them() {
    let server = served(&["--plugin-memory-mib", "64"]).await;
    let endless = "(loop $ever (br $ever))";
    let hoard = "(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable))";
    let chatter = "(local.set $cell (i32.const 0)) (loop $more (call $log (i32.const 1) (i32.const 2048) (i32.const 20))
        (local.set $cell (i32.add (local.get $cell) (i32.const 1))) (br_if $more (i32.lt_u (local.get $cell) (i32.const 50))))";
    let large = "(i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 0))
        (i32.store (i32.const 8) (i32.const 5000)) (return (i32.const 0))";
    for (name, limits, guest, code, words) in [
        ("slow", json!({"call_ms": 60}), sum("slow").with_ten_rows(endless), "plugin_deadline", "60 ms"),
        ("fat", json!({"memory_bytes": 1 << 20}), sum("fat").with_ten_rows(hoard), "plugin_memory", "may have 1 MiB"),
        (
            "wordy",
            json!({"output_bytes": 4000}),
            sum("wordy").at_sum("STATE", 45.0, large),
            "plugin_output",
            "4000 bytes",
        ),
    ] {
        let guest = guest.described("limits", limits.clone());
        server.upload("/v1/plugins", WASM, guest.wasm()).await.expect(201);
        let failure = server.post("/v1/evaluations", &request(name)).await.expect(200)["failure"].take();
        assert_eq!(failure["code"], code, "{name}: {failure}");
        assert!(failure["message"].as_str().is_some_and(|message| message.contains(words)), "{name}: {failure}");
        let shown = server.get(&format!("/v1/plugins/{name}")).await.expect(200)["standing"]["limits"].take();
        for (key, limit) in limits.as_object().expect("limits") {
            assert_eq!(&shown[key], limit, "{name}: {shown}");
        }
    }
    let chatter = Guest::new("chatty", "1.0.0").described("limits", json!({"log_bytes": 200})).with_ten_rows(chatter);
    server.upload("/v1/plugins", WASM, chatter.wasm()).await.expect(201);
    let log = server.evaluate(&request("chatty")).await["log"].to_string();
    assert!(log.contains("a log may have 200 bytes"), "{log}");

    let greedy = Guest::new("greedy", "1.0.0").described("limits", json!({"memory_bytes": 1_u64 << 40}));
    server.upload("/v1/plugins", WASM, greedy.wasm()).await.expect(201);
    let shown = server.get("/v1/plugins/greedy").await.expect(200);
    assert_eq!(shown["standing"]["limits"]["memory_bytes"], 64 << 20, "the server's own limit stands");
    for limits in [json!({"cpu": 5}), json!({"call_ms": 0}), json!(7)] {
        let wrong = Guest::new("wrong", "1.0.0").described("limits", limits);
        server.upload("/v1/plugins", WASM, wrong.wasm()).await.expect_problem(422, "describe_invalid", "");
    }
}

#[tokio::test]
async fn each_plugin_is_measured() {
    let server = served(&[]).await;
    server.upload("/v1/plugins", WASM, Guest::new("good", "1.0.0").wasm()).await.expect(201);
    server
        .upload("/v1/plugins", WASM, Guest::new("bad", "2.0.0").with_ten_rows("unreachable").wasm())
        .await
        .expect(201);
    for _ in 0..2 {
        server.evaluate(&request("good")).await;
    }
    server.post("/v1/evaluations", &request("bad")).await.expect(200);
    // The same question again reads no rows.
    let text = server.get("/metrics").await.text();
    for line in [
        r#"driftline_plugin_evaluations_total{plugin="good",version="1.0.0",status="succeeded"} 2"#,
        r#"driftline_plugin_evaluations_total{plugin="bad",version="2.0.0",status="failed"} 1"#,
        r#"driftline_plugin_failures_total{plugin="bad",version="2.0.0",code="plugin_trap"} 1"#,
        r#"driftline_plugin_rows_total{plugin="good",version="1.0.0"} 10"#,
        r#"driftline_plugin_evaluation_seconds_count{plugin="good",version="1.0.0"} 2"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
}

#[tokio::test]
async fn a_plugin_that_keeps_failing_is_left_alone() {
    let server = served(&["--plugin-faults", "3", "--plugin-cool-down", "600"]).await;
    let failing = sum("sum").with_ten_rows("unreachable");
    server.upload("/v1/plugins", WASM, failing.wasm()).await.expect(201);
    for _ in 0..3 {
        let answer = server.post("/v1/evaluations", &request("sum")).await.expect(200);
        assert_eq!(answer["failure"]["code"], "plugin_trap");
    }
    let refused = server.post("/v1/evaluations", &request("sum")).await;
    refused.expect_problem(503, "plugin_suspended", "plugin");
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=600).contains(&seconds), "{seconds}");
    let circuit = server.get("/v1/plugins/sum").await.expect(200)["standing"]["circuit"].take();
    assert_eq!((&circuit["state"], &circuit["consecutive_faults"]), (&json!("open"), &json!(3)), "{circuit}");
    assert!(circuit["retry_at"].is_string() && circuit["last_code"] == "plugin_trap", "{circuit}");
    let text = server.get("/metrics").await.text();
    for line in [
        r#"driftline_plugin_circuit_open{plugin="sum",version="1.0.0"} 1"#,
        r#"driftline_plugin_refused_evaluations_total{plugin="sum",version="1.0.0"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
    // A repaired version starts afresh.
    server.upload("/v1/plugins", WASM, Guest::new("sum", "1.0.1").wasm()).await.expect(201);
    server.evaluate(&request("sum")).await;
    server.post("/v1/evaluations", &request("sum@1.0.0")).await.expect_problem(503, "plugin_suspended", "plugin");
}

/// Follows an upload to its end, noting what it said on the way.
async fn followed(server: &Server, upload: &Value) -> (Value, Vec<String>) {
    let path = format!("/v1/plugin-uploads/{}", upload["id"].as_str().expect("an id"));
    let mut stages = vec![upload["status"].as_str().expect("a status").to_owned()];
    loop {
        let shown = server.get(&path).await.expect(200);
        let status = shown["status"].as_str().expect("a status").to_owned();
        if stages.last() != Some(&status) {
            stages.push(status.clone());
        }
        if ["installed", "refused"].contains(&status.as_str()) {
            return (shown, stages);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_upload_that_nobody_waits_for_goes_on_and_can_be_looked_at() {
    let server = served(&[]).await;
    let reply = server.upload("/v1/plugins?wait=0", WASM, Guest::new("sum", "1.0.0").wasm()).await;
    let address = reply.header("location").to_owned();
    let begun = reply.expect(202);
    assert_eq!(address, format!("/v1/plugin-uploads/{}", begun["id"].as_str().expect("an id")));
    let (ended, _) = followed(&server, &begun).await;
    assert_eq!((&ended["status"], &ended["plugin"]["name"]), (&json!("installed"), &json!("sum")), "{ended}");
    server.evaluate(&request("sum")).await;
    let refused = Guest::new("sum", "2.0.0").part("DESCRIBE", "unreachable");
    let begun = server.upload("/v1/plugins?wait=0", WASM, refused.wasm()).await.expect(202);
    let (ended, _) = followed(&server, &begun).await;
    assert_eq!(
        (&ended["status"], &ended["problem"]["code"]),
        (&json!("refused"), &json!("describe_trapped")),
        "{ended}"
    );
    let unknown = format!("/v1/plugin-uploads/{}", crate::harness::id(7));
    server.get(&unknown).await.expect_problem(404, "upload_not_found", "id");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_plugin_stalls_nobody() {
    let server = served(&[]).await;
    let large = large();
    assert!(large.len() > 5 << 20, "{}", large.len());
    let begun = server.upload("/v1/plugins?wait=0", WASM, large).await.expect(202);
    let small = server.upload("/v1/plugins", WASM, Guest::new("small", "1.0.0").wasm()).await.expect(201);
    assert_eq!(small["name"], "small");
    server.evaluate(&request("small")).await;
    let path = format!("/v1/plugin-uploads/{}", begun["id"].as_str().expect("an id"));
    let meanwhile = server.get(&path).await.expect(200);
    assert_eq!(meanwhile["status"], "compiling", "the large one goes on: {meanwhile}");
    assert!(meanwhile["elapsed_ms"].as_u64().is_some(), "{meanwhile}");
    let (ended, stages) = followed(&server, &meanwhile).await;
    assert_eq!(ended["status"], "installed", "{ended}");
    println!("a large plugin of {} bytes went through {stages:?}", ended["size_bytes"]);
    // It is compiled once; from then on it starts at once.
    let answer = server.evaluate(&request("large")).await;
    println!("its first evaluation took {} ms", answer["timing"]["total_ms"]);
}

/// A plugin with a lot of code that is never run.
fn large() -> Vec<u8> {
    let step = "i32.const 123456789 i32.add i32.const 987654321 i32.xor ".repeat(60);
    let function = format!("(func (param i32) (result i32) local.get 0 {step})");
    Guest::new("large", "1.0.0").part("EXTRA", function.repeat(7_000)).wasm()
}
