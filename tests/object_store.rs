//! A server whose files are in an S3-compatible store, over a connection on which everything goes wrong.

#[path = "s3/process.rs"]
mod process;

use serde_json::{Value, json};

use crate::harness::{Server, id, repository};
use process::S3Server;

const ENVIRONMENT: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", S3Server::KEY_ID), ("AWS_SECRET_ACCESS_KEY", S3Server::SECRET)];

fn options(store: &S3Server) -> Vec<String> {
    let options = ["--object-store", "s3://files/test", "--s3-allow-http", "--seal-rows", "50", "--s3-endpoint"];
    options.into_iter().chain([store.address()]).map(str::to_owned).collect()
}

fn rows(ids: std::ops::Range<u64>) -> Value {
    ids.map(|n| json!({"id": id(n), "time": "2026-01-01T00:00:00Z", "metrics": {"score": (n % 10) as f64, "label": n % 2 == 0}}))
        .collect()
}

async fn auc(server: &Server) -> Value {
    let request = json!({"model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "label"},
        "window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}, "wait": "60s"});
    server.evaluate(&request).await["results"].clone()
}

#[tokio::test]
async fn ingest_seal_evaluate_and_restart_lose_and_double_nothing() {
    let mut store = S3Server::start(&repository(""));
    let options = options(&store);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut server = Server::start_in(&options, &ENVIRONMENT).await;
    for (round, plan) in (0..).zip(["", "lost=3 error=5", "reset=4 half=3 slow=7"]) {
        store.plan(plan);
        let new = rows(round * 100..round * 100 + 100);
        let answer = server.post("/v1/models/m/predictions", &new).await.expect(200);
        assert_eq!(answer["accepted"], 100, "{plan}");
        server.sealed("m").await;
        let before = auc(&server).await;
        server.restart().await;
        assert_eq!(auc(&server).await, before, "{plan}: the same result after a restart");
        let page = server.get("/v1/models/m/predictions?limit=10000").await.expect(200);
        let mut ids: Vec<&str> =
            page["items"].as_array().expect("items").iter().filter_map(|row| row["id"].as_str()).collect();
        ids.sort_unstable();
        let expected: Vec<String> = (0..round * 100 + 100).map(id).collect();
        assert_eq!(ids, expected, "{plan}");
        let counts = store.plan("");
        assert!(plan.is_empty() || counts.faults > 0, "{plan}: faults happened");
    }
    assert!(!store.keys("test/segments").is_empty() && !store.keys("test/plugins").is_empty());
    assert!(!server.data().join("segments").exists(), "no segment is in the data directory");
}
