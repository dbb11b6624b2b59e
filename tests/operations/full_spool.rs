//! A disk that fills up while a large body comes in: the request is refused, its part is gone, and its retry counts once.

use futures::stream;
use reqwest::{Body, Method};
use serde_json::json;

use super::{counted, full_disk::recovered, small_disk::SmallDisk};
use crate::harness::{NDJSON, Reply, Server, id, verify};

/// Rows of a body; about 120 MiB.
const ROWS: u64 = 200_000;
const DISK_MIB: u32 = 64;

/// A body that is made while it is sent, with the keys that its call takes; its texts don't compress well.
fn body(keys: &'static [&'static str]) -> Body {
    let line = move |number: u64| {
        let noise = |k: u64| (number * 64 + k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        let text: String = (0..34).map(|k| format!("{:016x}", noise(k))).collect();
        let mut row = json!({"metrics": {"score": number, "text": text}});
        for key in keys {
            row[key] = if *key == "id" { json!(id(number)) } else { json!(1_700_000_000_000 + number) };
        }
        format!("{row}\n")
    };
    let chunk = move |first: u64| Ok::<_, std::io::Error>((first..first + 200).map(line).collect::<String>());
    Body::wrap_stream(stream::iter((0..ROWS).step_by(200).map(chunk)))
}

/// A request: method, path, and the keys of its rows.
type Call = (Method, &'static str, &'static [&'static str]);

const CALLS: [Call; 3] = [
    (Method::POST, "/v1/models/m/predictions", &["id", "time"]),
    (Method::POST, "/v1/models/m/delayed-metrics", &["id"]),
    (Method::PUT, "/v1/models/m/datasets/d", &[]),
];

async fn send(server: &Server, (method, path, keys): &Call) -> Reply {
    let headers = [("content-type", NDJSON), ("idempotency-key", "once")];
    server.send(method.clone(), path, &headers, body(keys)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_during_a_large_body_refuses_it_whole() {
    let Some(disk) = SmallDisk::mount(DISK_MIB) else { return };
    let mut server = Server::begin(&disk.data(), &[]);
    server.ready().await;
    server.post("/v1/models/m/predictions", &json!({"id": id(ROWS), "metrics": {"score": 0}})).await.expect(200);
    let before = disk.used_bytes();
    for call in &CALLS {
        send(&server, call).await.expect_problem(507, "disk_full", "");
        // The disk is as empty as it was, and takes what is small.
        recovered(&server).await;
        assert!(
            disk.used_bytes() < before + (8 << 20),
            "{}: {} bytes were used before, {}",
            call.1,
            before,
            disk.used_bytes()
        );
        assert_eq!(counted(&server, "m").await, 1, "{}", call.1);
    }
    server.get("/v1/models/m/datasets/d").await.expect_problem(404, "dataset_not_found", "dataset");
    let model = server.get("/v1/models/m").await.expect(200);
    assert!(!model["schema"].to_string().contains("text"), "{model}");
    disk.resize(2048);
    for _ in 0..2 {
        for call in &CALLS {
            send(&server, call).await.expect(200);
        }
        let model = server.get("/v1/models/m").await.expect(200);
        assert_eq!((&model["predictions"], &model["labels"]["labelled"]), (&json!(ROWS + 1), &json!(ROWS)), "{model}");
        server.restart().await;
    }
    assert_eq!(server.get("/v1/models/m/datasets/d").await.expect(200)["rows"], ROWS);
    verify(&disk.data());
    drop(server);
}
