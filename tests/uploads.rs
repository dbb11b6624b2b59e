//! Large bodies: they cost disk instead of memory, are kept whole or not at all, and leave nothing behind.

mod bodies;
mod memory;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    ops::Range,
    path::Path,
    time::Duration,
};

use futures::{StreamExt, stream};
use reqwest::{Body, Method};
use serde_json::json;
use uuid::Uuid;

use self::{
    bodies::{Chunks, chunked, gzipped, lines, tables},
    memory::Peak,
};
use crate::harness::{CSV, JSON, NDJSON, Server, id};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn memory_does_not_grow_with_the_body() {
    // Without sealing in the background, which has memory of its own.
    let server = Server::start_with(&["--seal-rows", "0"]).await;
    let warm =
        server.send(Method::POST, "/v1/models/warm/predictions", &[("content-type", NDJSON)], chunked(lines(MIB)));
    warm.await.expect(200);
    for (model, bytes, encoding, body) in
        [("plain", 256 * MIB, "identity", chunked as fn(Chunks) -> Body), ("gzip", 128 * MIB, "gzip", gzipped)]
    {
        let peak = Peak::of(server.pid());
        let headers = [("content-type", NDJSON), ("content-encoding", encoding), ("idempotency-key", model)];
        let path = format!("/v1/models/{model}/predictions");
        let rows = lines(bytes).rows();
        let answer = server.send(Method::POST, &path, &headers, body(lines(bytes))).await.expect(200);
        assert_eq!(answer, json!({"accepted": rows}));
        let grown = peak.grown_mib();
        println!("{model}: {} MiB, the server grew by {grown} MiB at most", bytes / MIB);
        assert!(grown < 100, "{model}: {grown} MiB for a body of {}", bytes / MIB);
        assert_eq!(server.get(&format!("/v1/models/{model}")).await.expect(200)["predictions"], rows);
        let again = server.send(Method::POST, &path, &headers, body(lines(bytes / 8))).await;
        again.expect_problem(422, "idempotency_key_reused", "idempotency-key");
    }
}

#[tokio::test]
async fn every_format_comes_through_the_disk_as_it_was_sent() {
    let server = Server::start().await;
    let rows = 60_000;
    let mut expected = None;
    for (name, content_type, body) in tables(rows) {
        assert!(body.len() > 5 * MIB, "{name} would not go through the disk: {} bytes", body.len());
        let path = format!("/v1/models/{name}/predictions");
        let headers = [("content-type", content_type), ("idempotency-key", "once")];
        for attempt in 0..2 {
            let answer = server.send(Method::POST, &path, &headers, body.clone()).await.expect(200);
            assert_eq!(answer, json!({"accepted": rows}), "{name}, attempt {attempt}");
        }
        let model = server.get(&format!("/v1/models/{name}")).await.expect(200);
        assert_eq!(
            (&model["predictions"], model["schema"].as_array().map(Vec::len)),
            (&json!(rows), Some(6)),
            "{name}"
        );
        let page = server.get(&format!("{path}?limit=200")).await.expect(200)["items"].take();
        assert_eq!(&page, expected.get_or_insert(page.clone()), "{name}");
        // The last row is as wrong as it can be; nothing of the others is kept.
        let mut spoilt = body;
        bodies::spoil(name, &mut spoilt);
        let reply = server.upload(&path, content_type, spoilt).await;
        assert!([400, 422].contains(&reply.status), "{name}: {reply}");
        if name != "parquet" && name != "arrow" {
            let field = format!("rows[{}]", rows - 1);
            assert!(reply.json()["field"].as_str().is_some_and(|named| named.starts_with(&field)), "{name}: {reply}");
        }
        assert_eq!(server.get(&format!("/v1/models/{name}")).await.expect(200)["predictions"], rows, "{name}");
    }
    let first = &expected.expect("rows")[0]["metrics"];
    assert_eq!(first["account"], json!(i64::MAX), "exact to 64 bits");
    assert_eq!(first["embedding"], json!([0.5, 1.0]));
}

#[tokio::test]
async fn delayed_metrics_of_every_format_come_through_the_disk() {
    let server = Server::start().await;
    let rows = 60_000;
    let (_, parquet, predictions) = tables(rows).pop().expect("Parquet comes last");
    server.upload("/v1/models/m/predictions", parquet, predictions).await.expect(200);
    let path = "/v1/models/m/delayed-metrics";
    for (number, name) in ["json", "ndjson", "csv", "arrow", "parquet"].into_iter().enumerate() {
        let (content_type, body) = bodies::labels(name, "truth", rows, number);
        assert!(body.len() > 5 * MIB, "{name} would not go through the disk: {} bytes", body.len());
        let headers = [("content-type", content_type), ("idempotency-key", name)];
        for attempt in 0..2 {
            let answer = server.send(Method::POST, path, &headers, body.clone()).await.expect(200);
            assert_eq!(answer, json!({"accepted": rows}), "{name}, attempt {attempt}");
        }
        // A later wrong row: nothing of the others is kept, not even their columns.
        let (_, mut spoilt) = bodies::labels(name, "spoilt", rows, number);
        bodies::spoil(name, &mut spoilt);
        let reply = server.upload(path, content_type, spoilt).await;
        assert!([400, 422].contains(&reply.status), "{name}: {reply}");
        let model = server.get("/v1/models/m").await.expect(200);
        assert_eq!((&model["labels"]["labelled"], &model["labels"]["unmatched"]), (&json!(rows), &json!(0)), "{name}");
        assert!(!model["schema"].to_string().contains("spoilt"), "{name}: {model}");
        for row in [0, rows / 2, rows - 1] {
            let shown = server.get(&format!("/v1/models/m/predictions/{}", id(row as u64))).await.expect(200);
            assert_eq!(shown["metrics"]["truth"], bodies::truth(row, number), "{name}: {shown}");
        }
    }
}

#[tokio::test]
async fn datasets_of_every_format_come_through_the_disk() {
    let server = Server::start().await;
    let rows = 60_000;
    server.put("/v1/models/m", &json!({})).await.expect(201);
    let mut columns = None;
    for (name, content_type, body) in tables(rows) {
        let body = bodies::without_keys(name, rows).unwrap_or(body);
        let path = format!("/v1/models/m/datasets/{name}");
        let headers = [("content-type", content_type)];
        let answer = server.send(Method::PUT, &path, &headers, body.clone()).await.expect(200);
        assert_eq!(answer["rows"], rows, "{name}");
        let shown = server.get(&path).await.expect(200);
        assert_eq!(&shown["schema"], columns.get_or_insert(shown["schema"].clone()), "{name}");
        let mut spoilt = body;
        bodies::spoil(name, &mut spoilt);
        let reply = server.send(Method::PUT, &path, &headers, spoilt).await;
        assert!([400, 422].contains(&reply.status), "{name}: {reply}");
        assert_eq!(server.get(&path).await.expect(200), shown, "{name}: the earlier one stays");
    }
    assert_eq!(columns.and_then(|columns| columns.as_array().map(Vec::len)), Some(6));
    assert_eq!((count(&server.data().join("datasets")), count(&server.data().join("scratch"))), (5, 0));
}

#[tokio::test]
async fn a_kill_during_an_upload_leaves_nothing_and_the_retry_counts_once() {
    let mut server = Server::start().await;
    let rows = 4_000_000;
    let body: String =
        "a,b\n".chars().chain((0..rows).flat_map(|n| ['0', ',', char::from(b'0' + (n % 10) as u8), '\n'])).collect();
    let headers = [("content-type", CSV), ("idempotency-key", "large")];
    let path = "/v1/models/large/predictions";
    let segments = server.data().join("segments");
    let sending = server.try_send(Method::POST, path, &headers, body.clone());
    let killing = async {
        while count(&segments) == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let status = std::process::Command::new("kill").args(["-KILL", &server.pid().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()));
    };
    let (answer, ()) = tokio::join!(sending, killing);
    assert!(answer.map_or(true, |reply| reply.is_cut), "it was killed before it could answer");
    server.kill();
    server.start_again().await;
    assert_eq!((count(&segments), count(&server.data().join("scratch"))), (0, 0));
    server.get("/v1/models/large").await.expect_problem(404, "model_not_found", "model");
    for _ in 0..2 {
        let answer = server.send(Method::POST, path, &headers, body.clone()).await.expect(200);
        assert_eq!(answer, json!({"accepted": rows}));
        assert_eq!(server.get("/v1/models/large").await.expect(200)["predictions"], rows);
        server.restart().await;
    }
}

#[tokio::test]
async fn a_large_body_that_is_sent_again_without_a_key_is_known_by_its_ids() {
    let mut server = Server::start().await;
    let path = "/v1/models/m/predictions";
    let body = |rows: Range<u64>| {
        let id = |n: u64| Uuid::from_u64_pair(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), n);
        let lines = rows.map(|n| format!("{},{n}\n", id(n)));
        ["id,a\n".to_owned()].into_iter().chain(lines).collect::<String>()
    };
    let rows = 200_000_u64;
    for (ids, duplicates) in [(0..rows, 0), (0..rows, rows), (rows / 2..rows * 3 / 2, rows / 2)] {
        let expected = match duplicates {
            0 => json!({"accepted": rows}),
            _ => json!({"accepted": rows, "duplicates": duplicates}),
        };
        let headers = [("content-type", CSV)];
        assert_eq!(server.send(Method::POST, path, &headers, body(ids)).await.expect(200), expected);
        server.restart().await;
    }
    assert_eq!(server.get("/v1/models/m").await.expect(200)["predictions"], rows * 3 / 2);
}

#[tokio::test]
async fn who_stalls_or_hangs_up_leaves_nothing() {
    let server = Server::start_with(&["--stall-seconds", "1"]).await;
    for bytes in [MIB, 8 * MIB] {
        let headers = [("content-type", NDJSON)];
        let stalled = chunked(lines(bytes)).map_stalled();
        let reply = server.send(Method::POST, "/v1/models/m/predictions", &headers, stalled).await;
        reply.expect_problem(408, "body_stalled", "");
        let hangs_up =
            server.send(Method::POST, "/v1/models/m/predictions", &headers, chunked(lines(bytes)).map_stalled());
        assert!(tokio::time::timeout(Duration::from_millis(300), hangs_up).await.is_err());
    }
    server.get("/v1/models/m").await.expect_problem(404, "model_not_found", "model");
    assert_eq!(count(&server.data().join("segments")), 0);
}

#[tokio::test]
async fn who_finds_no_room_is_told_to_come_back() {
    let server = Server::start_with(&["--ingest-memory-mib", "1"]).await;
    let headers = [("content-type", JSON)];
    let path = "/v1/models/m/predictions";
    let held = || server.send(Method::POST, path, &headers, chunked(lines(4 * MIB - 100_000)).map_stalled());
    let crowd = async { tokio::join!(held(), held(), held()) };
    let late = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let row = json!({"metrics": {"text": "x".repeat(3 * MIB)}});
        server.post(path, &row).await
    };
    tokio::select! {
        _ = crowd => panic!("they hold on"),
        reply = late => {
            reply.expect_problem(429, "ingest_busy", "");
            assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
        }
    }
    // They are gone now, and the room is there again.
    server.post(path, &json!({"metrics": {"text": "x".repeat(3 * MIB)}})).await.expect(200);
}

/// Sends all of a body but its end.
trait Stalled {
    fn map_stalled(self) -> Body;
}

impl Stalled for Body {
    fn map_stalled(self) -> Body {
        let chunks = http_body_util::BodyStream::new(self).filter_map(|frame| async { frame.ok()?.into_data().ok() });
        Body::wrap_stream(chunks.map(Ok::<_, std::io::Error>).chain(stream::pending()))
    }
}

/// How many files there are in a folder, at any depth.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
}

/// Sends a whole body before it reads the answer, as simple clients do; gives the answer.
fn send_whole(address: &str, head: &str, body: &[&[u8]]) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    write!(connection, "{head}\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    body.iter().try_for_each(|piece| connection.write_all(piece))?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_reaches_who_sends_the_whole_body_first() {
    let server = Server::start_with(&["--max-json-mib", "1"]).await;
    let address = server.url().trim_start_matches("http://").to_owned();
    // More than the buffers between the two hold.
    let length = 32 * MIB;
    let plain = vec![vec![b' '; length]];
    let mut chunks = vec![[format!("{MIB:x}\r\n").as_bytes(), &vec![b' '; MIB], b"\r\n"].concat(); 32];
    chunks.push(b"0\r\n\r\n".to_vec());
    let (announced, chunked) = (format!("content-length: {length}"), "transfer-encoding: chunked".to_owned());
    for (request, headers, status) in [
        ("POST /v1/models/m/predictions", "content-type: application/json", 413),
        ("POST /v1/models/m/delayed-metrics", "content-type: application/x-ndjson", 413),
        ("POST /v1/models/m/predictions", "content-type: image/png", 415),
        ("POST /v1/models/m/predictions", "content-type: application/json\r\ncontent-encoding: br", 415),
        ("POST /v1/evaluations", "content-type: application/json", 413),
        ("POST /v1/nothing", "content-type: application/json", 404),
        ("PATCH /v1/models/m/predictions", "content-type: application/json", 405),
    ] {
        for (framing, body) in [(&announced, &plain), (&chunked, &chunks)] {
            let head = format!("{request} HTTP/1.1\r\n{headers}\r\n{framing}");
            let (address, body) = (address.clone(), body.clone());
            let sent = tokio::task::spawn_blocking(move || {
                let body: Vec<&[u8]> = body.iter().map(Vec::as_slice).collect();
                send_whole(&address, &head, &body)
            });
            let answer = sent.await.expect("no panic").unwrap_or_else(|error| panic!("{request}, {framing}: {error}"));
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}, {framing}: {answer}");
        }
    }
}
