//! An acknowledged write survives `kill -9` and is counted once.
//!
//! `DRIFTLINE_KILLS=5000 cargo test --release --test system durability` runs for longer than CI does; a run that
//! fails prints the seed of its choices, which `DRIFTLINE_SEED` takes.

use std::time::Duration;

use serde_json::json;

use crate::{
    harness::{JSON, Server, random, times_or, verify},
    ledger::{Ledger, TINY},
};

const KILLS: u32 = 200;
const WRITERS: u64 = 6;
/// After every so many kills the data directory is checked as the kill left it.
const VERIFIED_EVERY: u32 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_by_kills() {
    let mut random = random();
    let mut server = Server::start_with(TINY).await;
    let mut ledger = Ledger::open(&server, WRITERS, &mut random).await;
    let kills = times_or("DRIFTLINE_KILLS", KILLS);
    for kill in 1..=kills {
        let answers = random.u32(5..60);
        ledger.write(&server, async |answered| answered.count(answers).await, || server.signal("KILL")).await;
        server.kill();
        if kill % VERIFIED_EVERY == 0 {
            verify(server.data());
        }
        if random.u8(..10) == 0 {
            kill_while_starting(&mut server, random.u64(..60)).await;
        }
        server.start_again().await;
        ledger.retry(&server).await;
        ledger.check(&server).await.unwrap_or_else(|difference| panic!("after kill {kill}: {difference:?}"));
    }
    server.restart().await;
    ledger.check(&server).await.unwrap_or_else(|difference| panic!("in the end: {difference:?}"));
    verify(server.data());
    server.kill();
    let printed = verify(server.data());
    let counted = format!("rows: {} predictions", ledger.predictions());
    assert!(printed.contains(&counted), "{counted}: {printed}");
    println!("{kills} kills: {}", ledger.summary());
}

/// Once more, on what the last kill left, before it is put in order.
async fn kill_while_starting(server: &mut Server, after_ms: u64) {
    server.begin_again();
    tokio::time::sleep(Duration::from_millis(after_ms)).await;
    server.kill();
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
