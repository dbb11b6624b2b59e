//! What a plugin uses up, in a measure that is the same on every machine.

use std::time::Duration;

use serde_json::{Value, json};

use super::{WASM, served};
use crate::harness::{Guest, Server, repository, succeed};

/// The measure, which is made after the upload.
async fn measured(server: &Server, plugin: &str) -> Value {
    loop {
        let mut shown = server.get(&format!("/v1/plugins/{plugin}")).await.expect(200);
        if shown["fuel"].is_object() {
            return shown["fuel"].take();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_author_sees_on_the_server_the_fuel_that_their_own_machine_counts() {
    let mut server = served(&[]).await;
    let file = repository("examples/custom-metric/rust/cost-by-segment.wasm");
    server.upload("/v1/plugins", WASM, std::fs::read(&file).expect("the component")).await.expect(201);
    let fuel = measured(&server, "cost-by-segment").await;
    let (a_row, update) = (fuel["a_row"].as_f64().expect("a number"), fuel["calls"]["update"].as_f64().expect("one"));
    assert!(a_row > 1.0 && (a_row * 1024.0 - update).abs() < 1.0, "{fuel}");
    assert!(fuel["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 65_535), "{fuel}");
    for export in ["start", "open", "update", "state", "merge", "evaluate"] {
        assert!(fuel["calls"][export].is_u64(), "{export}: {fuel}");
    }
    let line = |printed: &str| {
        let line = printed.lines().find(|line| line.starts_with("Fuel: ")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{printed}"))
    };
    let file = file.to_str().expect("UTF-8");
    let address = ["--server", server.url()];
    let checked = line(&succeed(&["plugin", "check", file], &[]));
    assert!(checked.contains("a row, on every machine; 1024 generated rows"), "{checked}");
    for command in [&["push", file], &["show", "cost-by-segment"]] {
        assert_eq!(line(&succeed(&[&["plugin"], &command[..], &address].concat(), &[])), checked);
    }
    server.restart().await;
    assert_eq!(server.get("/v1/plugins/cost-by-segment").await.expect(200)["fuel"], fuel, "it is kept");
    assert!(server.get("/v1/plugins/psi").await.expect(200)["fuel"].is_null(), "standard plugins are not measured");
}

#[tokio::test]
async fn what_cannot_be_measured_says_why() {
    let server = served(&[]).await;
    let schema = json!({"type": "object", "properties": {"k": {"type": "number"}}, "required": ["k"]});
    let choosy = Guest::new("choosy", "1.0.0").described("parameters", schema);
    server.upload("/v1/plugins", WASM, choosy.wasm()).await.expect(201);
    let fuel = measured(&server, "choosy").await;
    assert!(fuel["a_row"].is_null(), "{fuel}");
    assert!(fuel["note"].as_str().is_some_and(|note| note.contains("parameter `k` has neither")), "{fuel}");
}
