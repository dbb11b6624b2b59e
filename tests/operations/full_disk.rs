//! A disk that fills up, or takes no writes: ingest is refused, reads go on, and everything recovers by itself.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::{counted, driftline, predictions, small_disk::SmallDisk};
use crate::harness::{JSON, Reply, Server, verify};

/// Rows in a request; about 120 KiB.
const ROWS: u64 = 500;

async fn track(server: &Server, request: u64) -> Reply {
    let key = format!("request-{request}");
    let headers = [("content-type", JSON), ("idempotency-key", key.as_str())];
    let body = predictions(request * ROWS, ROWS).to_string();
    server.send(Method::POST, "/v1/models/m/predictions", &headers, body).await
}

/// Waits until the server says that it is ready.
pub async fn recovered(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.get("/readyz").await.status != 200 {
        assert!(Instant::now() < deadline, "not ready again: {}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_ingest_and_recovers_when_space_returns() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    // Without sealing, which makes room in the catalog whenever it comes about.
    let mut server = Server::begin(&disk.data(), &["--seal-rows", "0"]);
    server.ready().await;
    let mut acknowledged = 0;
    let refused = loop {
        let reply = track(&server, acknowledged).await;
        match reply.status {
            200 => acknowledged += 1,
            _ => break reply,
        }
    };
    assert!(acknowledged > 4, "the disk is larger than what the server needs for itself");
    refused.expect_problem(507, "disk_full", "");
    // What is small may still fit where the catalog's log was, and then the server is ready for that.
    disk.fill();
    for _ in 0..3 {
        track(&server, acknowledged).await.expect_problem(507, "disk_full", "");
        let ready = server.get("/readyz").await;
        if ready.status != 200 {
            ready.expect_problem(507, "disk_full", "");
        }
        assert_eq!(counted(&server, "m").await, acknowledged * ROWS);
        server.get("/v1/models/m/predictions?limit=10").await.expect(200);
        server.get("/healthz").await.expect(200);
    }
    disk.resize(512);
    recovered(&server).await;
    // The refused request is sent again, and counted once.
    for _ in 0..2 {
        track(&server, acknowledged).await.expect(200);
    }
    let rows = (acknowledged + 1) * ROWS;
    assert_eq!(counted(&server, "m").await, rows);
    for request in acknowledged + 1..acknowledged + 12 {
        track(&server, request).await.expect(200);
    }
    let rows = rows + 11 * ROWS;
    server.set_options(&["--seal-rows", "4000"]);
    server.restart().await;
    assert_eq!(counted(&server, "m").await, rows);
    let printed = verify(&disk.data());
    assert!(printed.contains(&format!("{rows} predictions")), "{printed}");
    drop(server);
}

#[tokio::test]
async fn a_read_only_disk_is_named_at_the_start() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    let data = disk.data();
    let mut server = Server::begin(&data, &[]);
    server.ready().await;
    track(&server, 0).await.expect(200);
    server.kill();
    disk.set_read_only(true);
    let (code, printed) = driftline(&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("read-only"), "{printed}");
    disk.set_read_only(false);
    server.begin_again();
    server.ready().await;
    assert_eq!(counted(&server, "m").await, ROWS);
    drop(server);
}
