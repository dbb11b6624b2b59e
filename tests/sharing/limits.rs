//! Limits that come with an upload.

use serde_json::json;
use tempfile::TempDir;

use super::{WASM, request, served, sum};
use crate::harness::{Guest, succeed};

const ENDLESS: &str = "(loop $ever (br $ever))";
const HOARD: &str = "(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable))";

#[tokio::test]
async fn an_upload_lowers_the_servers_limits_for_as_long_as_it_is_installed() {
    let mut server = served(&["--plugin-memory-mib", "64"]).await;
    let slow = sum("slow").with_ten_rows(ENDLESS).wasm();
    let fat = sum("fat").with_ten_rows(HOARD).wasm();
    server.upload("/v1/plugins?call_ms=60&log_bytes=500", WASM, slow.clone()).await.expect(201);
    server.upload("/v1/plugins?memory_bytes=1048576", WASM, fat).await.expect(201);
    for round in ["at once", "after a restart"] {
        for (name, code, words, limit, value) in [
            ("slow", "plugin_deadline", "60 ms", "call_ms", 60),
            ("fat", "plugin_memory", "may have 1 MiB", "memory_bytes", 1 << 20),
        ] {
            let failure = server.post("/v1/evaluations", &request(name)).await.expect(200)["failure"].take();
            assert_eq!(failure["code"], code, "{name} {round}: {failure}");
            assert!(failure["message"].as_str().is_some_and(|message| message.contains(words)), "{name}: {failure}");
            let shown = server.get(&format!("/v1/plugins/{name}")).await.expect(200)["standing"]["limits"].take();
            assert_eq!(shown[limit], value, "{name} {round}: {shown}");
        }
        server.restart().await;
    }
    let limits =
        async |name: &str| server.get(&format!("/v1/plugins/{name}")).await.expect(200)["standing"]["limits"].take();
    server.upload("/v1/plugins", WASM, slow.clone()).await.expect(200);
    assert_eq!(limits("slow").await["log_bytes"], 500, "an upload that tells none changes none");
    server.upload("/v1/plugins?call_ms=50", WASM, slow).await.expect(200);
    let told = limits("slow").await;
    assert_eq!((&told["call_ms"], told["log_bytes"] != 500), (&json!(50), true), "one that does tells all: {told}");

    let modest = Guest::new("modest", "1.0.0").described("limits", json!({"call_ms": 70, "log_bytes": 300})).wasm();
    server.upload("/v1/plugins?call_ms=90&log_bytes=200", WASM, modest).await.expect(201);
    let both = limits("modest").await;
    assert_eq!((&both["call_ms"], &both["log_bytes"]), (&json!(70), &json!(200)), "the lower one holds: {both}");
}

#[tokio::test]
async fn limits_that_are_none_are_refused_by_name() {
    let server = served(&["--plugin-memory-mib", "64"]).await;
    for (query, status, code, field) in [
        ("memory_bytes=67108865", 422, "invalid_plugin_limit", "memory_bytes"),
        ("call_ms=0", 422, "invalid_plugin_limit", "call_ms"),
        ("total_ms=900001", 422, "invalid_plugin_limit", "total_ms"),
        ("log_bytes=much", 400, "invalid_query", "log_bytes"),
        ("output_bytes=-1", 400, "invalid_query", "output_bytes"),
        ("cpu_ms=5", 400, "unknown_field", "cpu_ms"),
    ] {
        let reply = server.upload(&format!("/v1/plugins?{query}"), WASM, sum("sum").wasm()).await;
        reply.expect_problem(status, code, field);
    }
    // It has 256 KiB from the start, so it could never run.
    let reply = server.upload("/v1/plugins?memory_bytes=65536", WASM, sum("sum").wasm()).await;
    reply.expect_problem(422, "describe_failed", "");
    assert!(reply.text().contains("memory"), "{reply}");
    assert_eq!(server.get("/v1/plugins/sum").await.status, 404);
}

#[tokio::test]
async fn the_command_tells_and_shows_them() {
    let server = served(&[]).await;
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("sum.wasm");
    std::fs::write(&file, sum("sum").wasm()).expect("written");
    let (file, address) = (file.to_str().expect("UTF-8"), ["--server", server.url()]);
    let flags = ["--call-ms", "70", "--memory-mib", "1", "--total-ms", "500", "--output-bytes", "1048576"];
    succeed(&[&["plugin", "push", file][..], &flags, &["--log-bytes", "99"], &address].concat(), &[]);
    let shown = succeed(&[&["plugin", "show", "sum"][..], &address].concat(), &[]);
    let words = "It may use 70 ms a call, 500 ms in all, 1 MiB of memory, 1 MiB for a state and 99 bytes of log.";
    assert!(shown.contains(words), "{shown}");
}
