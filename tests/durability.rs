//! An acknowledged write survives `kill -9` and is counted once.

mod ledger;

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::harness::{JSON, Server};
use ledger::{Ledger, Request};

const CYCLES: u32 = 12;
const WRITERS: u64 = 6;
/// How many requests are acknowledged before each kill; uneven, so that kills fall on different moments.
const REQUESTS_A_CYCLE: u32 = 90;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_by_kills() {
    // Small thresholds, so that kills also fall into sealing.
    let mut server = Server::start_with(&["--seal-rows", "500"]).await;
    let ledger = Ledger::default();
    for cycle in 0..CYCLES {
        let answered = Semaphore::new(0);
        let writers = join_all((0..WRITERS).map(|writer| write(&server, &ledger, &answered, writer)));
        let killer = async {
            let enough = answered.acquire_many(REQUESTS_A_CYCLE + 7 * cycle).await;
            signal_kill(server.pid());
            drop(enough);
        };
        tokio::join!(writers, killer);
        server.kill();
        server.start_again().await;
        for request in ledger.take_unanswered() {
            assert!(send(&server, &request).await, "a retry after cycle {cycle} was not answered");
            ledger.acknowledge(&request);
        }
        assert_same(&ledger.expected(), &stored(&server).await, &format!("after kill {cycle}"));
    }
    let kept = ledger.expected();
    println!(
        "{} predictions, {} of them labelled, over {CYCLES} kills",
        kept.len(),
        kept.values().filter(|p| p.1.is_some()).count()
    );
    server.restart().await;
    assert_same(&kept, &stored(&server).await, "in the end");
}

#[tokio::test]
async fn a_retry_with_the_same_key_gets_the_first_answer_and_changes_nothing() {
    let mut server = Server::start().await;
    let path = "/v1/models/retried/predictions";
    let body = json!([{"metrics": {"a": 1}}, {"metrics": {"a": 2}}]).to_string();
    let headers = [("content-type", JSON), ("idempotency-key", "first")];
    let first = server.send(reqwest::Method::POST, path, &headers, body.clone()).await.expect(200);
    for attempt in ["at once", "after a restart"] {
        let again = server.send(reqwest::Method::POST, path, &headers, body.clone()).await.expect(200);
        assert_eq!(again, first, "{attempt}");
        assert_eq!(server.get("/v1/models/retried").await.expect(200)["predictions"], 2, "{attempt}");
        server.restart().await;
    }
    let other = json!([{"metrics": {"a": 3}}]).to_string();
    let reply = server.send(reqwest::Method::POST, path, &headers, other).await;
    reply.expect_problem(422, "idempotency_key_reused", "idempotency-key");
    assert_eq!(server.get("/v1/models/retried").await.expect(200)["predictions"], 2);
}

/// Writes until the server dies.
async fn write(server: &Server, ledger: &Ledger, answered: &Semaphore, writer: u64) {
    loop {
        let request = ledger.next(writer);
        if !send(server, &request).await {
            return;
        }
        ledger.acknowledge(&request);
        answered.add_permits(1);
    }
}

/// Whether the request was acknowledged; a refusal fails the test.
async fn send(server: &Server, request: &Request) -> bool {
    let headers = [("content-type", JSON), ("idempotency-key", request.key.as_str())];
    match server.try_send(reqwest::Method::POST, &request.path, &headers, request.body()).await {
        Ok(reply) if reply.is_cut => false,
        Ok(reply) => {
            assert_eq!(reply.expect(200)["accepted"], request.rows.len());
            true
        }
        Err(_) => false,
    }
}

/// Every stored prediction: how often its id occurs, and its label.
async fn stored(server: &Server) -> BTreeMap<String, (u64, Option<i64>)> {
    let mut found = BTreeMap::new();
    let mut path = "/v1/models/ledger/predictions?limit=10000".to_owned();
    loop {
        let page = server.get(&path).await.expect(200);
        for row in page["items"].as_array().expect("items") {
            let entry = found.entry(row["id"].as_str().expect("an id").to_owned()).or_insert((0, None));
            entry.0 += 1;
            entry.1 = row["metrics"]["label"].as_i64();
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/models/ledger/predictions?limit=10000&cursor={cursor}"),
            None => break,
        }
    }
    let model: Value = server.get("/v1/models/ledger").await.expect(200);
    assert_eq!(model["predictions"], found.len(), "the count and the rows differ");
    found
}

fn assert_same(
    expected: &BTreeMap<String, (u64, Option<i64>)>,
    found: &BTreeMap<String, (u64, Option<i64>)>,
    when: &str,
) {
    for (id, prediction) in expected {
        assert_eq!(found.get(id), Some(prediction), "{when}: prediction {id} (times stored, label)");
    }
    let unknown: Vec<_> = found.keys().filter(|id| !expected.contains_key(*id)).collect();
    assert!(unknown.is_empty(), "{when}: stored but never sent: {unknown:?}");
}

fn signal_kill(pid: u32) {
    let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill -KILL {pid}");
}
