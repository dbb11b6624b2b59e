//! SQL answers right over segments, labels that came late and the log; it reads and never does more, within its bounds.

mod answers;
mod refused;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{ARROW, Reply, Server, id};

/// Rows of the model `flights`: 2,000 in segments, half of them labelled, and 300 in the log.
const COUNT: u64 = 2300;

/// What row `n` says: minute, deployment, score, distance, region; every other one is late by `n` minutes.
struct Flight(u64);

impl Flight {
    fn time_ms(&self) -> u64 {
        981_158_400_000 + 60_000 * self.0
    }

    fn deployment(&self) -> &'static str {
        if self.0.is_multiple_of(3) { "v2" } else { "v1" }
    }

    fn score(&self) -> f64 {
        (self.0 * 37 % 100) as f64 / 100.0
    }

    fn distance(&self) -> u64 {
        self.0 * 13 % 1000
    }

    fn region(&self) -> Option<&'static str> {
        [Some("eu"), Some("us"), None][(self.0 % 3) as usize]
    }

    fn late(&self) -> Option<u64> {
        self.0.is_multiple_of(2).then_some(self.0 % 60)
    }

    fn row(&self) -> Value {
        let mut metrics = json!({"score": self.score(), "input": {"distance": self.distance()}, "Origin": "ATL"});
        if let Some(region) = self.region() {
            metrics["region"] = region.into();
        }
        json!({"id": id(self.0), "time": self.time_ms(), "deployment": self.deployment(), "metrics": metrics})
    }
}

fn flights() -> impl Iterator<Item = Flight> {
    (0..COUNT).map(Flight)
}

async fn with_flights(options: &[&str]) -> Server {
    let server = Server::start_with(&[&["--seal-rows", "1000"], options].concat()).await;
    for (start, end) in [(0, 1000), (1000, 2000), (2000, COUNT)] {
        let rows: Vec<Value> = (start..end).map(|n| Flight(n).row()).collect();
        server.post("/v1/models/flights/predictions", &json!(rows)).await.expect(200);
        if end < COUNT {
            server.sealed("flights").await;
        }
    }
    let labels = flights().filter_map(|f| Some(json!({"id": id(f.0), "metrics": {"late": f.late()?}})));
    server.post("/v1/models/flights/delayed-metrics", &json!(labels.collect::<Vec<_>>())).await.expect(200);
    server.put("/v1/models/fraud-v2.1", &json!({"description": "d", "tags": ["a", "b"]})).await.expect(201);
    server.put("/v1/models/models", &json!({})).await.expect(201);
    let one = json!([{"id": id(7), "time": 0, "metrics": {"a": 1}}]);
    server.post("/v1/models/models/predictions", &one).await.expect(200);
    server.post("/v1/models/fraud-v2.1/predictions", &one).await.expect(200);
    for n in 0..5 {
        let numbers = json!({"start": 1000 * n, "end": 1000 * n + 1000, "metrics": {"cost": n, "gain": null}});
        server.post("/v1/models/flights/aggregates", &numbers).await.expect(200);
    }
    server
}

async fn ask(server: &Server, sql: &str) -> Reply {
    server.post("/v1/sql", &json!({"sql": sql})).await
}

#[tokio::test]
async fn answers_are_bounded_in_rows_time_and_memory() {
    let server = with_flights(&["--max-query-mib", "16", "--max-queries", "1", "--max-query-seconds", "60"]).await;
    let sql = |sql: &str, more: Value| {
        let mut body = json!({"sql": sql});
        more.as_object().into_iter().flatten().for_each(|(key, value)| body[key] = value.clone());
        body
    };
    for (limit, rows, truncated) in [(1, 1, true), (2299, 2299, true), (2300, 2300, false), (5000, 2300, false)] {
        let answer = server.post("/v1/sql", &sql("SELECT id FROM flights", json!({"limit": limit}))).await.expect(200);
        assert_eq!((answer["rows"].as_array().map(Vec::len), &answer["truncated"]), (Some(rows), &json!(truncated)));
    }
    for endless in [
        "SELECT count(*) FROM generate_series(1, 1000000000000)",
        "SELECT count(*) FROM models a, generate_series(1, 1000000000000) AS b(x) WHERE length(a.name) + b.x < 0",
        "WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n) SELECT sum(x) FROM n",
        "SELECT sum(x) OVER (ORDER BY x) FROM generate_series(1, 1000000000000) AS t(x) ORDER BY 1 LIMIT 1",
    ] {
        let started = Instant::now();
        let reply = server.post("/v1/sql", &sql(endless, json!({"timeout": "500ms"}))).await;
        reply.expect_problem(422, "query_timeout", "sql");
        assert!(started.elapsed() < Duration::from_secs(5), "{endless}: {:?}", started.elapsed());
        // The only turn is free again when nothing is computed any more; a loaded machine takes a while to notice.
        let next = server.post("/v1/sql", &sql("SELECT 1", json!({"timeout": "60s"}))).await;
        assert_eq!(next.status, 200, "after {endless}: {next}");
    }
    for large in [
        "SELECT array_agg(x) FROM generate_series(1, 100000000) AS t(x)",
        "SELECT x, x AS y, x AS z FROM generate_series(1, 1000000) AS t(x)",
        "SELECT x FROM generate_series(1, 100000000) AS t(x) ORDER BY x % 7, x",
        "SELECT count(DISTINCT x), count(DISTINCT x + 1) FROM generate_series(1, 100000000) AS t(x)",
        "SELECT count(DISTINCT x % 50000000) FROM generate_series(1, 100000000) AS t(x)",
        "SELECT median(x) FROM generate_series(1, 100000000) AS t(x)",
        "SELECT max(s) FROM (SELECT sum(x) OVER () AS s FROM generate_series(1, 100000000) AS t(x))",
        "SELECT a.x FROM generate_series(1, 100000000) AS a(x) JOIN generate_series(1, 100000000) AS b(x) ON a.x = b.x",
    ] {
        let body = sql(large, json!({"limit": 1_000_000, "timeout": "60s"}));
        server.post("/v1/sql", &body).await.expect_problem(422, "query_too_large", "sql");
    }
    for (more, code, field) in [
        (json!({"limit": 0}), "invalid_limit", "limit"),
        (json!({"limit": 1_000_001}), "invalid_limit", "limit"),
        (json!({"timeout": "61s"}), "invalid_timeout", "timeout"),
        (json!({"timeout": "soon"}), "invalid_field", "timeout"),
        (json!({"rows": 5}), "unknown_field", "rows"),
    ] {
        server.post("/v1/sql", &sql("SELECT 1", more)).await.expect_problem(422, code, field);
    }
}

#[tokio::test]
async fn a_table_also_comes_as_arrow() {
    let server = with_flights(&[]).await;
    let body = json!({"sql": "SELECT id, time, score FROM flights ORDER BY time LIMIT 2"}).to_string();
    let headers = [("content-type", "application/json"), ("accept", ARROW)];
    let reply = server.send(reqwest::Method::POST, "/v1/sql", &headers, body).await;
    assert_eq!((reply.status, reply.header("content-type"), reply.header("x-truncated")), (200, ARROW, "false"));
    let batches = arrow::ipc::reader::StreamReader::try_new(&reply.body[..], None).expect("a stream");
    let rows: usize = batches.map(|batch| batch.expect("a batch").num_rows()).sum();
    assert_eq!(rows, 2);
    let headers = [("content-type", "application/json"), ("accept", "text/csv")];
    let reply = server.send(reqwest::Method::POST, "/v1/sql", &headers, json!({"sql": "SELECT 1"}).to_string()).await;
    reply.expect_problem(406, "not_acceptable", "accept");
}
