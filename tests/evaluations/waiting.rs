//! Long evaluations: waiting, progress, cancelling, and what happens when too many are asked for.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Server, repository};

#[tokio::test]
async fn a_long_evaluation_is_answered_with_its_address_and_can_be_cancelled() {
    let server = served(&[]).await;
    let reply = server.post("/v1/evaluations", &endless()).await;
    let answer = reply.expect(202);
    assert!(["queued", "running"].contains(&answer["status"].as_str().unwrap_or_default()), "{answer}");
    let address = reply.header("location").to_owned();
    assert_eq!(address, format!("/v1/evaluations/{}", answer["id"].as_str().expect("an id")));
    let shown = server.get(&address).await.expect(200);
    assert_eq!(shown["id"], answer["id"]);
    assert!(shown["progress"]["units"].is_u64(), "{shown}");
    let listed = server.get("/v1/evaluations").await.expect(200);
    assert_eq!(listed["items"][0]["id"], answer["id"]);
    assert_eq!(server.delete(&address).await.expect(200)["status"], "cancelled");
    assert_eq!(server.get(&address).await.expect(200)["status"], "cancelled");
    server.delete(&address).await.expect_problem(409, "evaluation_ended", "id");
}

#[tokio::test]
async fn beyond_the_limit_evaluations_are_put_off() {
    let server = served(&["--max-evaluations", "1", "--max-queued", "1"]).await;
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let reply = server.post("/v1/evaluations", &endless()).await;
        reply.expect(202);
        addresses.push(reply.header("location").to_owned());
    }
    let reply = server.post("/v1/evaluations", &endless()).await;
    reply.expect_problem(429, "evaluations_busy", "");
    assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{reply}");
    for address in addresses {
        server.delete(&address).await.expect(200);
    }
    server.evaluate(&honest()).await;
}

#[tokio::test]
async fn an_evaluation_that_a_stop_cuts_off_is_on_record_as_interrupted() {
    for graceful in [true, false] {
        let mut server = served(&[]).await;
        let address = server.post("/v1/evaluations", &endless()).await.header("location").to_owned();
        if graceful {
            server.restart().await;
        } else {
            server.kill();
            server.start_again().await;
        }
        let shown = server.get(&address).await.expect(200);
        assert_eq!(shown["status"], "interrupted", "graceful: {graceful}");
        server.evaluate(&honest()).await;
    }
}

#[tokio::test]
async fn the_wait_is_kept() {
    let server = served(&[]).await;
    let mut request = endless();
    for wait in [json!("300ms"), json!(0.3)] {
        request["wait"] = wait;
        let asked = std::time::Instant::now();
        let reply = server.post("/v1/evaluations", &request).await;
        let waited = asked.elapsed();
        reply.expect(202);
        assert!(waited >= Duration::from_millis(300) && waited < Duration::from_secs(5), "{waited:?}");
        server.delete(reply.header("location")).await.expect(200);
    }
}

/// A server with the guest that misbehaves on demand.
async fn served(options: &[&str]) -> Server {
    let server = Server::start_with(options).await;
    let guest = std::fs::read(repository("tests/hostile/built/hostile.wasm")).expect("a built guest");
    server.upload("/v1/plugins", "application/wasm", guest).await.expect(201);
    server.post("/v1/models/m/predictions", &json!({"time": 0, "metrics": {"value": 1}})).await.expect(200);
    server
}

/// Goes on until its deadline.
fn endless() -> Value {
    let mut request = honest();
    request["parameters"]["behaviour"] = json!("loop-in-update");
    request["wait"] = json!(0);
    request
}

fn honest() -> Value {
    json!({
        "model": "m", "plugin": "hostile", "inputs": {"value": "value"}, "parameters": {"behaviour": "none"},
        "window": {"start": 0, "end": 1},
    })
}
