//! A plugin that keeps failing, with a clock that the test turns.

use axum::http::{Method, header};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Interface, ManualClock};

const HOSTILE: &[u8] = include_bytes!("../../../../../tests/hostile/built/hostile.wasm");

async fn evaluate(interface: &Interface, behaviour: &str) -> Answer {
    let request = json!({
        "model": "m", "plugin": "hostile", "inputs": {"value": "value"}, "parameters": {"behaviour": behaviour},
        "window": {"start": "2024-01-01T00:00:00Z", "end": "2024-02-01T00:00:00Z"},
    });
    interface.json(Method::POST, "/v1/evaluations", request).await
}

async fn circuit(interface: &Interface) -> Value {
    interface.get("/v1/plugins/hostile").await.json()["standing"]["circuit"].take()
}

#[tokio::test]
async fn a_circuit_opens_lets_one_try_and_closes() {
    let clock = ManualClock::at("2024-01-05T00:00:00Z");
    let interface = Interface::by(&clock, TempDir::new().expect("a directory"));
    let upload = axum::http::Request::post("/v1/plugins").header(header::CONTENT_TYPE, "application/wasm");
    let installed = interface.send(upload.body(HOSTILE.into()).expect("a request")).await;
    assert_eq!(installed.status, 201, "{}", installed.text);
    let row = json!({"time": "2024-01-04T00:00:00Z", "metrics": {"value": 1.0}});
    assert_eq!(interface.json(Method::POST, "/v1/models/m/predictions", row).await.status, 200);

    // What it says of its parameters or data is no fault of its own, and a success forgives.
    for behaviour in ["panic-in-update", "panic-in-update", "none"].iter().chain(&["fail-in-update"; 9]) {
        assert_eq!(evaluate(&interface, behaviour).await.status, 200, "{behaviour}");
    }
    assert_eq!(circuit(&interface).await["consecutive_faults"], 0);

    for _ in 0..5 {
        assert_eq!(evaluate(&interface, "panic-in-update").await.json()["failure"]["code"], "plugin_trap");
    }
    let refused = evaluate(&interface, "none").await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].as_str()), (503, Some("plugin_suspended")));
    assert_eq!(refused.headers[header::RETRY_AFTER], "60");
    assert_eq!(circuit(&interface).await["state"], "open");

    clock.turn_days(1);
    assert_eq!(circuit(&interface).await["state"], "half_open");
    assert_eq!(evaluate(&interface, "panic-in-update").await.status, 200, "one may try");
    assert_eq!(evaluate(&interface, "none").await.status, 503, "it failed again");

    clock.turn_days(1);
    assert_eq!(evaluate(&interface, "none").await.json()["status"], "succeeded");
    assert_eq!(circuit(&interface).await["state"], "closed");
    assert!(
        interface
            .get("/metrics")
            .await
            .text
            .contains(r#"driftline_plugin_circuit_open{plugin="hostile",version="1.0.0"} 0"#)
    );
}
