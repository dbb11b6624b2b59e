//! A server whose files are in an S3-compatible store, over a connection on which everything goes wrong.

#[path = "s3/process.rs"]
mod process;

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{self, Server, driftline, id, repository};
use process::S3Server;

const ENVIRONMENT: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", S3Server::KEY_ID), ("AWS_SECRET_ACCESS_KEY", S3Server::SECRET)];

/// Options that name the store, for all commands.
fn place<'a>(store: &'a S3Server, url: &'a str) -> Vec<&'a str> {
    vec!["--object-store", url, "--s3-allow-http", "--s3-endpoint", store.address()]
}

fn options<'a>(store: &'a S3Server, url: &'a str) -> Vec<&'a str> {
    [place(store, url), vec!["--seal-rows", "50"]].concat()
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
    let mut server = Server::start_in(&options(&store, "s3://files/test"), &ENVIRONMENT).await;
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

/// Writes rows and labels for them until told; notes how many rows were acknowledged.
async fn write(server: &Server, acknowledged: &AtomicU64, until: impl Fn(u64) -> bool) {
    while !until(acknowledged.load(Ordering::SeqCst)) {
        let first = acknowledged.load(Ordering::SeqCst);
        server.post("/v1/models/m/predictions", &rows(first..first + 100)).await.expect(200);
        acknowledged.store(first + 100, Ordering::SeqCst);
        let labels: Value =
            (first..first + 50).map(|n| json!({"id": id(n), "metrics": {"label": n % 3 == 0}})).collect();
        server.post("/v1/models/m/delayed-metrics", &labels).await.expect(200);
    }
}

async fn count(server: &Server) -> u64 {
    server.get("/v1/models/m").await.expect(200)["predictions"].as_u64().expect("a count")
}

fn word(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_store_in_use_restores_to_a_store_and_to_a_disk() {
    let mut store = S3Server::start(&repository(""));
    let folder = TempDir::new().expect("a directory");
    let path = |name: &str| word(&folder.path().join(name)).to_owned();
    let mut server = Server::start_in(&options(&store, "s3://files/live"), &ENVIRONMENT).await;
    let acknowledged = AtomicU64::new(0);
    write(&server, &acknowledged, |rows| rows >= 1_000).await;
    let dataset = json!([{"metrics": {"score": 1.0, "label": true}}, {"metrics": {"score": 2.0, "label": false}}]);
    server.put("/v1/models/m/datasets/training", &dataset).await.expect(200);
    // One copy while everything goes on and everything goes wrong.
    store.plan("lost=7 error=11 half=13");
    let copy = path("copy");
    let arguments = [vec!["backup", "--data", word(server.data()), "--to", &copy], place(&store, "s3://files/live")];
    let arguments: Vec<String> = arguments.concat().into_iter().map(str::to_owned).collect();
    let backup = tokio::task::spawn_blocking(move || {
        driftline(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &ENVIRONMENT)
    });
    write(&server, &acknowledged, |_| backup.is_finished()).await;
    let (code, printed) = backup.await.expect("it ends");
    assert_eq!(code, Some(0), "{printed}");
    assert!(store.plan("").faults > 0, "faults happened");
    // Another one of what can be compared: nothing changes any more.
    server.restart().await;
    let (still, area) = (path("still"), auc(&server).await);
    let run =
        |command: &[&str], url: &str| harness::succeed(&[command, &place(&store, url)[..]].concat(), &ENVIRONMENT);
    run(&["backup", "--data", word(server.data()), "--to", &still], "s3://files/live");
    let printed = run(&["verify", "--data", word(server.data())], "s3://files/live");
    assert!(printed.contains("no problems"), "{printed}");

    let taken = ["restore", "--from", &still, "--data", &path("refused")];
    let (code, printed) = driftline(&[&taken[..], &place(&store, "s3://files/live")[..]].concat(), &ENVIRONMENT);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("another data directory"), "{printed}");

    let (in_store, on_disk, during) = (path("in-store"), path("on-disk"), path("during"));
    run(&["restore", "--from", &still, "--data", &in_store], "s3://files/restored");
    harness::succeed(&["restore", "--from", &still, "--data", &on_disk], &[]);
    harness::succeed(&["restore", "--from", &copy, "--data", &during], &[]);
    let printed = run(&["verify", "--data", &in_store], "s3://files/restored");
    assert!(printed.contains("no problems") && !printed.contains("unlisted"), "{printed}");
    assert!(!store.keys("restored/segments").is_empty());
    [&on_disk, &during].iter().for_each(|data| drop(harness::verify(Path::new(data))));
    let dataset = server.get("/v1/models/m/datasets/training").await.expect(200);
    let rows = count(&server).await;
    for (data, options) in [(&in_store, options(&store, "s3://files/restored")), (&on_disk, vec![])] {
        let mut again = Server::begin_in(Path::new(data), &options, &ENVIRONMENT);
        again.ready().await;
        assert_eq!((count(&again).await, auc(&again).await), (rows, area.clone()), "{data}");
        assert_eq!(again.get("/v1/models/m/datasets/training").await.expect(200), dataset, "{data}");
    }
    let mut again = Server::begin(Path::new(&during), &[]);
    again.ready().await;
    let kept = count(&again).await;
    assert!((1_000..=acknowledged.load(Ordering::SeqCst)).contains(&kept), "{kept} kept");
}
