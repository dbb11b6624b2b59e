//! The same rows in every format and encoding are the same rows; what is no such thing changes nothing.

use std::{io::Write, sync::Arc};

use arrow::array::{BooleanArray, NullArray, RecordBatch};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    ARROW, CSV, JSON, NDJSON, PARQUET, Server, arrow_stream, float, id, id_column, integer, parquet, table, text, time,
};

const START: i64 = 1_000_000_000_000_000;

#[tokio::test]
async fn every_format_gives_the_same_rows() {
    let server = Server::start().await;
    let expected = read(&server, "json", JSON, as_json().into_bytes()).await;
    assert_eq!(expected.as_array().map(Vec::len), Some(3));
    assert_eq!(expected[1]["metrics"], json!({"input.age": 42, "score": 0.5, "place": "süd, \"ost\""}));
    for (name, content_type, body) in [
        ("ndjson", NDJSON, as_lines().into_bytes()),
        ("csv", CSV, as_csv().into_bytes()),
        ("csv-windows", "text/csv; charset=utf-8", as_csv().replace('\n', "\r\n").into_bytes()),
        ("arrow", ARROW, arrow_stream(&as_table())),
        ("parquet", PARQUET, parquet(&as_table())),
    ] {
        assert_eq!(read(&server, name, content_type, body).await, expected, "{name}");
    }
}

#[tokio::test]
async fn every_encoding_gives_the_same_rows() {
    let server = Server::start().await;
    let plain = read(&server, "plain", JSON, as_json().into_bytes()).await;
    for (name, encoding, body) in [
        ("gzip", "gzip", gzip(as_json().as_bytes())),
        ("zstd", "zstd", zstd::encode_all(as_json().as_bytes(), 3).expect("encoded")),
    ] {
        let headers = [("content-type", JSON), ("content-encoding", encoding)];
        let path = format!("/v1/models/{name}/predictions");
        server.send(reqwest::Method::POST, &path, &headers, body).await.expect(200);
        let page = server.get(&path).await.expect(200);
        assert_eq!(page["items"], plain, "{name}");
    }
}

#[tokio::test]
async fn bombs_are_refused_and_cost_little() {
    let server = Server::start_with(&["--max-json-mib", "64"]).await;
    server.upload("/v1/models/bombed/predictions", JSON, as_json().into_bytes()).await.expect(200);
    let before = resident_kib(server.pid());
    let blank = vec![b' '; 16 << 20];
    let gigabyte = |writer: &mut dyn Write| (0..64).for_each(|_| writer.write_all(&blank).expect("written"));
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::fast());
    gigabyte(&mut gzipped);
    let mut zstandard = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
    gigabyte(&mut zstandard);
    for (encoding, body) in
        [("gzip", gzipped.finish().expect("encoded")), ("zstd", zstandard.finish().expect("encoded"))]
    {
        assert!(body.len() < 16 << 20, "the bomb is small: {}", body.len());
        let headers = [("content-type", JSON), ("content-encoding", encoding)];
        let reply = server.send(reqwest::Method::POST, "/v1/models/bombed/predictions", &headers, body).await;
        reply.expect_problem(413, "body_too_large", "");
    }
    let grown = resident_kib(server.pid()).saturating_sub(before) >> 10;
    assert!(grown < 100, "the bombs left {grown} MiB behind");
    assert_eq!(server.get("/v1/models/bombed").await.expect(200)["predictions"], 3);
}

#[tokio::test]
async fn few_bytes_that_stand_for_too_many_rows_are_refused() {
    let server = Server::start().await;
    let rows = 20_000_000;
    let nothing = table(vec![("a", Arc::new(NullArray::new(rows)))]);
    let constant = table(vec![("a", Arc::new(BooleanArray::from(vec![true; rows])))]);
    for (content_type, code, body) in
        [(ARROW, "invalid_arrow", arrow_stream(&nothing)), (PARQUET, "invalid_parquet", parquet(&constant))]
    {
        assert!(body.len() < 4 << 20, "{content_type}: {} bytes", body.len());
        let reply = server.upload("/v1/models/crowded/predictions", content_type, body).await;
        reply.expect_problem(400, code, "");
        assert!(reply.text().contains("in parts"), "{reply}");
    }
}

#[tokio::test]
async fn damaged_tables_are_refused_wherever_they_are_cut() {
    let server = Server::start().await;
    for (content_type, code, body) in
        [(ARROW, "invalid_arrow", arrow_stream(&as_table())), (PARQUET, "invalid_parquet", parquet(&as_table()))]
    {
        // A stream that ends where a message ends is whole as far as anyone can tell.
        for cut in (1..body.len() - 1).step_by(body.len() / 40 + 1) {
            let reply = server.upload("/v1/models/cut/predictions", content_type, body[..cut].to_vec()).await;
            if reply.status != 200 {
                reply.expect_problem(400, code, "");
            }
        }
        for flip in (4..body.len()).step_by(body.len() / 60 + 1) {
            let mut damaged = body.clone();
            damaged[flip] ^= 0x5a;
            let reply = server.upload("/v1/models/flipped/predictions", content_type, damaged).await;
            assert!([200, 400, 422].contains(&reply.status), "byte {flip}: {reply}");
        }
    }
    server.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn ids_are_answered_up_to_ten_thousand_rows() {
    let server = Server::start().await;
    for (rows, answered) in [(1, true), (10_000, true), (10_001, false)] {
        let batch = table(vec![("a", integer(0..rows))]);
        let answer = server.upload("/v1/models/many/predictions", ARROW, arrow_stream(&batch)).await.expect(200);
        assert_eq!(answer["accepted"], rows);
        let ids = answer.get("ids").map(|ids| ids.as_array().map_or(0, Vec::len));
        assert_eq!(ids, answered.then_some(rows as usize));
    }
}

#[tokio::test]
async fn ids_made_by_the_server_carry_the_time_of_the_prediction() {
    let server = Server::start().await;
    let row = json!({"time": "2001-02-03T04:05:06.789Z", "metrics": {"a": 1}});
    let answer = server.post("/v1/models/timed/predictions", &row).await.expect(200);
    let id: Uuid = answer["ids"][0].as_str().expect("an id").parse().expect("a UUID");
    let (seconds, nanos) = id.get_timestamp().expect("version 7").to_unix();
    assert_eq!((id.get_version_num(), seconds, nanos / 1_000_000), (7, 981_173_106, 789));
}

#[tokio::test]
async fn schemas_grow_and_integers_widen() {
    let server = Server::start().await;
    let path = "/v1/models/growing/predictions";
    for metrics in
        [json!({"a": 1}), json!({"a": 2.5, "b": {"c": {"d": true}}}), json!({"e": [1, 2.5]}), json!({"a": 3})]
    {
        server.post(path, &json!({"time": 0, "metrics": metrics})).await.expect(200);
    }
    let model = server.get("/v1/models/growing").await.expect(200);
    let schema = json!([
        {"name": "a", "type": "float"}, {"name": "b.c.d", "type": "boolean"}, {"name": "e", "type": "float_list"}
    ]);
    assert_eq!(model["schema"], schema);
    let page = server.get(path).await.expect(200);
    let cells = |name: &str| -> Vec<Value> {
        page["items"].as_array().expect("items").iter().filter_map(|row| row["metrics"].get(name).cloned()).collect()
    };
    let mut numbers: Vec<_> = cells("a").iter().filter_map(Value::as_f64).collect();
    numbers.sort_by(f64::total_cmp);
    assert_eq!(numbers, [1.0, 2.5, 3.0]);
}

/// Sends rows to a model of their own and reads them back.
async fn read(server: &Server, model: &str, content_type: &str, body: Vec<u8>) -> Value {
    let path = format!("/v1/models/{model}/predictions");
    server.upload(&path, content_type, body).await.expect(200);
    server.get(&path).await.expect(200)["items"].take()
}

fn rows() -> Vec<Value> {
    ["nord", "süd, \"ost\"", "west"]
        .into_iter()
        .zip(0..)
        .map(|(place, n)| {
            let metrics = json!({"input": {"age": 41 + n}, "score": 0.25 * (n + 1) as f64, "place": place});
            json!({"id": id(n), "time": START / 1000 + n as i64, "deployment": "v1", "metrics": metrics})
        })
        .collect()
}

fn as_json() -> String {
    json!(rows()).to_string()
}

fn as_lines() -> String {
    rows().iter().map(|row| format!("{row}\n\n")).collect()
}

fn as_csv() -> String {
    let mut csv = "id,time,deployment,input.age,score,place\n".to_owned();
    for row in rows() {
        let metrics = &row["metrics"];
        let place = metrics["place"].as_str().expect("text").replace('"', "\"\"");
        let (id, age) = (row["id"].as_str().expect("text"), &metrics["input"]["age"]);
        csv += &format!("{id},{},v1,{age},{},\"{place}\"\n", row["time"], metrics["score"]);
    }
    csv
}

fn as_table() -> RecordBatch {
    let rows = rows();
    let ids: Vec<Uuid> = (0..3).map(|n| id(n).parse().expect("a UUID")).collect();
    let places = rows.iter().map(|row| row["metrics"]["place"].as_str().expect("text"));
    table(vec![
        ("id", id_column(&ids)),
        ("time", time((0..3).map(|n| START + 1000 * n))),
        ("deployment", text(["v1"; 3])),
        ("input.age", integer(41..44)),
        ("score", float([0.25, 0.5, 0.75])),
        ("place", text(places)),
    ])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("encoded")
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
