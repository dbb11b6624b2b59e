//! Every field of every call, wrong in each natural way: refused with the right status, code and field, changing nothing.

mod evaluations;
mod queries;
mod rows;
mod things;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{JSON, Server, id};

/// A request that must be refused, and how.
pub struct Bad {
    what: &'static str,
    method: Method,
    path: String,
    content_type: &'static str,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    field: &'static str,
}

impl Bad {
    /// A JSON body to some call.
    pub fn json(method: Method, path: &str, body: impl ToString, refusal: (u16, &'static str, &'static str)) -> Self {
        Self::bytes(method, path, JSON, body.to_string().into_bytes(), refusal)
    }

    /// Any body to some call; `what` defaults to the body's text.
    pub fn bytes(
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Vec<u8>,
        (status, code, field): (u16, &'static str, &'static str),
    ) -> Self {
        Self { what: "", method, path: path.into(), content_type, body, status, code, field }
    }

    /// Says what is wrong where the body does not show it.
    pub fn because(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    fn title(&self) -> String {
        let shown = if self.what.is_empty() { String::from_utf8_lossy(&self.body) } else { self.what.into() };
        format!("{} {} {}", self.method, self.path, shown.chars().take(300).collect::<String>())
    }
}

#[tokio::test]
async fn each_is_refused_by_name_and_changes_nothing() {
    let server = Server::start().await;
    prepare(&server).await;
    let before = facts(&server).await;
    let table: Vec<Bad> =
        [rows::cases(), evaluations::cases(), queries::cases(), things::cases()].into_iter().flatten().collect();
    assert!(table.len() >= 60, "{} bad requests", table.len());
    let mut complaints = Vec::new();
    for bad in &table {
        let headers: &[(&str, &str)] =
            if bad.content_type.is_empty() { &[] } else { &[("content-type", bad.content_type)] };
        let reply = server.send(bad.method.clone(), &bad.path, headers, bad.body.clone()).await;
        if let Err(complaint) = reply.check_problem(bad.status, bad.code, bad.field) {
            complaints.push(format!("{}\n    {complaint}\n    {}", bad.title(), reply.text()));
        }
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), table.len(), complaints.join("\n"));
    assert_eq!(facts(&server).await, before, "the data changed");
    let row = json!({"time": 0, "metrics": {"score": 0.5}});
    server.post("/v1/models/known/predictions", &row).await.expect(200);
    println!("{} bad requests", table.len());
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let server = Server::start_with(&["--max-json-mib", "64"]).await;
    let body = vec![b' '; 65 << 20];
    let reply = server.try_send(Method::POST, "/v1/models/known/predictions", &[("content-type", JSON)], body).await;
    // The server may also hang up on a body that it will not read.
    if let Ok(reply) = reply {
        reply.expect_problem(413, "body_too_large", "");
    }
    server.get("/readyz").await.expect(200);
}

/// A model with a column of each type, one with an idempotency key used, a dataset.
async fn prepare(server: &Server) {
    let rows: Vec<_> = (0..40)
        .map(|n| {
            let metrics = json!({
                "score": f64::from(n) / 40.0, "label": n % 3 % 2, "count": n, "place": "here", "flag": n % 2 == 0,
                "embedding": [0.5, 1.5], "input": {"age": 30 + n},
            });
            json!({"id": id(n as u64), "time": 1000 * n, "metrics": metrics})
        })
        .collect();
    server.post("/v1/models/known/predictions", &json!(rows)).await.expect(200);
    let dataset = server.put("/v1/models/known/datasets/training", &json!([{"metrics": {"score": 0.5}}])).await;
    assert!([200, 201].contains(&dataset.status), "{dataset}");
}

/// All that a refused request must leave as it was.
async fn facts(server: &Server) -> Value {
    let mut models = server.get("/v1/models").await.expect(200);
    let mut known = server.get("/v1/models/known").await.expect(200);
    let rows = server.get("/v1/models/known/predictions?limit=1000").await.expect(200);
    let aggregates = server.get("/v1/models/known/aggregates").await.expect(200);
    let plugins = server.get("/v1/plugins").await.expect(200);
    let request = json!({
        "model": "known", "plugin": "roc-auc", "inputs": {"score": "score", "label": "label"},
        "window": {"start": 0, "end": 100_000}, "record": false,
    });
    let mut evaluation = server.evaluate(&request).await;
    // Sealing may move rows meanwhile; that changes no fact.
    for moving in ["unsealed_rows", "delayed_rows", "segments", "bytes"] {
        known[moving].take();
    }
    json!([models["items"].take(), known, rows, aggregates, plugins, evaluation["results"].take()])
}
