//! A backup taken while everything is going on holds whatever was acknowledged before it began.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{counted, driftline, predictions, succeed};
use crate::harness::{Server, id, verify};

const ROWS: u64 = 200;

fn word(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Writes predictions and labels of the model, one request after the other, until `stop`; notes how many were acknowledged.
async fn write(server: &Server, acknowledged: &AtomicU64, until: impl Fn() -> bool) {
    while !until() {
        let first = acknowledged.load(Ordering::SeqCst);
        server.post("/v1/models/m/predictions", &predictions(first, ROWS)).await.expect(200);
        acknowledged.store(first + ROWS, Ordering::SeqCst);
        let labels: Value = (first..first + ROWS / 2)
            .map(|number| json!({ "id": id(number), "metrics": { "truth": number % 97 > 48 } }))
            .collect();
        server.post("/v1/models/m/delayed-metrics", &labels).await.expect(200);
    }
}

async fn area(server: &Server) -> Value {
    let request = json!({
        "model": "m", "plugin": "roc-auc", "inputs": { "score": "score", "label": "truth" },
        "window": { "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:05:00Z" },
    });
    server.evaluate(&request).await["values"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_restores_to_everything_acknowledged_before_it() {
    let server = Server::start_with(&["--seal-rows", "600"]).await;
    let folder = TempDir::new().expect("a directory");
    let (copy, restored) = (folder.path().join("copy"), folder.path().join("restored"));
    let acknowledged = AtomicU64::new(0);
    write(&server, &acknowledged, || acknowledged.load(Ordering::SeqCst) >= 2_000).await;
    let before = acknowledged.load(Ordering::SeqCst);
    let truth = area(&server).await;
    let arguments = ["backup", "--data", word(server.data()), "--to", word(&copy)].map(str::to_owned);
    let backup = tokio::task::spawn_blocking(move || driftline(&arguments.each_ref().map(String::as_str)));
    write(&server, &acknowledged, || backup.is_finished()).await;
    let (code, printed) = backup.await.expect("it ends");
    assert_eq!(code, Some(0), "{printed}");
    verify(server.data());

    succeed(&["restore", "--from", word(&copy), "--data", word(&restored)]);
    assert!(!verify(&restored).contains("unlisted"));
    let mut again = Server::begin(&restored, &[]);
    again.ready().await;
    let kept = counted(&again, "m").await;
    assert!((before..=acknowledged.load(Ordering::SeqCst)).contains(&kept), "{before} before, {kept} kept");
    for number in (0..before).step_by(97) {
        let page = again.get(&format!("/v1/models/m/predictions/{}", id(number))).await;
        page.expect(200);
    }
    assert_eq!(area(&again).await, truth);
}

#[tokio::test]
async fn damage_is_found_named_and_not_restored() {
    let mut server = Server::start().await;
    server.post("/v1/models/m/predictions", &predictions(0, 50)).await.expect(200);
    server.kill();
    let folder = TempDir::new().expect("a directory");
    let (copy, restored) = (folder.path().join("copy"), folder.path().join("restored"));
    succeed(&["compact", "--data", word(server.data())]);
    succeed(&["backup", "--data", word(server.data()), "--to", word(&copy)]);
    let segments = copy.join("segments/1");
    let segment = std::fs::read_dir(&segments).expect("a listing").next().expect("a segment").expect("an entry").path();
    let name = segment.file_name().expect("a name").to_str().expect("UTF-8").to_owned();
    let mut bytes = std::fs::read(&segment).expect("reads");
    bytes[100] ^= 1;
    std::fs::write(&segment, &bytes).expect("writes");
    std::fs::write(server.data().join("segments/1").join(&name), &bytes).expect("writes");

    let (code, printed) = driftline(&["verify", "--data", word(server.data())]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains(&name) && printed.contains("1 problem"), "{printed}");
    let (code, printed) = driftline(&["restore", "--from", word(&copy), "--data", word(&restored)]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains(&name), "{printed}");
    let (code, printed) = driftline(&["serve", "--listen", "127.0.0.1:0", "--data", word(&restored)]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("did not finish"), "{printed}");
    let (code, printed) =
        driftline(&["backup", "--data", word(server.data()), "--to", word(&folder.path().join("other"))]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains(&name), "{printed}");
}

#[tokio::test]
async fn each_command_ends_as_it_says() {
    let server = Server::start().await;
    let (data, folder) = (word(server.data()), TempDir::new().expect("a directory"));
    let nothing = folder.path().join("nothing");
    let table: [(&[&str], i32, &str); 8] = [
        (&["verify", "--data", data], 0, "no problems"),
        (&["verify", "--data", word(&nothing)], 1, "catalog.db"),
        (&["verify", "--depth", "3"], 2, "Usage"),
        (&["compact", "--data", data], 1, "in use"),
        (&["backup", "--data", data, "--to", data], 1, "not empty"),
        (&["backup", "--data", data], 2, "--to"),
        (&["restore", "--from", word(&nothing), "--data", word(&nothing)], 1, "MANIFEST"),
        (&["restore", "--data", data], 2, "--from"),
    ];
    for (arguments, expected, says) in table {
        let (code, printed) = driftline(arguments);
        assert_eq!(code, Some(expected), "{arguments:?}: {printed}");
        assert!(printed.contains(says), "{arguments:?}: {printed}");
    }
}
