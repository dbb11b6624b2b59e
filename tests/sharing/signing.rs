//! A server that takes only plugins signed by keys that it lists.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::{WASM, request};
use crate::harness::{Guest, Server, driftline, succeed};

/// A folder with two keys, of which the server lists the first.
struct Keys {
    folder: TempDir,
}

impl Keys {
    fn new() -> Self {
        let keys = Self { folder: TempDir::new().expect("a folder") };
        let line = succeed(&["plugin", "key", &keys.path("ours"), "--name", "the team"], &[]);
        succeed(&["plugin", "key", &keys.path("theirs")], &[]);
        fs::write(keys.path("listed"), format!("# who may\n{line}")).expect("written");
        keys
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// A plugin in a file.
    fn plugin(&self, version: &str) -> String {
        let path = self.path(&format!("sum-{version}.wasm"));
        fs::write(&path, Guest::new("sum", version).wasm()).expect("written");
        path
    }
}

async fn served(keys: &Keys) -> Server {
    let server = Server::start_with(&["--plugin-keys", &keys.path("listed")]).await;
    let rows: Vec<_> = (0..10).map(|n| json!({"time": n, "metrics": {"value": n}})).collect();
    server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    server
}

#[tokio::test]
async fn only_what_a_listed_key_signed_is_taken() {
    let keys = Keys::new();
    let server = served(&keys).await;
    let push = |file: &str, more: &[&str]| {
        driftline(&[&["plugin", "push", file, "--server", server.url()], more].concat(), &[])
    };
    let file = keys.plugin("1.0.0");
    let (code, printed) = push(&file, &[]);
    assert!(code == Some(1) && printed.contains("signature_required"), "{printed}");
    let (code, printed) = push(&file, &["--sign", &keys.path("theirs")]);
    assert!(code == Some(1) && printed.contains("signer_unlisted"), "{printed}");
    let (code, printed) = push(&file, &["--sign", &keys.path("ours")]);
    assert!(code == Some(0) && printed.contains("sum@1.0.0 is installed"), "{printed}");
    server.evaluate(&request("sum")).await;
    let signers = server.get("/v1/plugins/sum").await.expect(200)["standing"]["signers"].take();
    assert_eq!(signers[0]["name"], "the team", "{signers}");

    // A detached signature goes along with the file, and only with that file.
    let file = keys.plugin("1.1.0");
    succeed(&["plugin", "sign", &file, "--key", &keys.path("ours")], &[]);
    assert!(push(&file, &[]).1.contains("sum@1.1.0 is installed"));
    let signature = fs::read_to_string(format!("{file}.sig")).expect("a signature");
    let other = Guest::new("sum", "1.2.0").wasm();
    for (signature, code) in [(signature.trim(), "signature_invalid"), ("ed25519:00", "signature_invalid")] {
        let headers = [("content-type", WASM), ("x-plugin-signature", signature)];
        let reply = server.send(reqwest::Method::POST, "/v1/plugins", &headers, other.clone()).await;
        reply.expect_problem(422, code, "x-plugin-signature");
    }
    let roc =
        json!({"model": "m", "plugin": "summary", "inputs": {"value": "value"}, "window": {"start": 0, "end": 10}});
    server.evaluate(&roc).await;
}

#[tokio::test]
async fn a_key_that_is_no_longer_listed_is_no_longer_trusted() {
    let keys = Keys::new();
    let mut server = served(&keys).await;
    let file = keys.plugin("1.0.0");
    succeed(&["plugin", "push", &file, "--sign", &keys.path("ours"), "--server", server.url()], &[]);
    server.evaluate(&request("sum")).await;
    let theirs = succeed(&["plugin", "key", &keys.path("another")], &[]);
    fs::write(keys.path("listed"), theirs).expect("written");
    server.restart().await;
    server.post("/v1/evaluations", &request("sum")).await.expect_problem(403, "signature_required", "plugin");
    // The same bytes may be signed by others too.
    succeed(&["plugin", "push", &file, "--sign", &keys.path("another"), "--server", server.url()], &[]);
    server.evaluate(&request("sum")).await;
}

#[test]
fn keys_are_not_overwritten_and_a_bad_list_stops_the_start() {
    let keys = Keys::new();
    let (code, printed) = driftline(&["plugin", "key", &keys.path("ours")], &[]);
    assert!(code == Some(1) && printed.contains("can't be made"), "{printed}");
    fs::write(keys.path("listed"), "ed25519:12\n").expect("written");
    let data = keys.path("data");
    let serve = ["serve", "--data", &data, "--listen", "127.0.0.1:0", "--plugin-keys", &keys.path("listed")];
    let (code, printed) = driftline(&serve, &[]);
    assert!(code == Some(1) && printed.contains("line 1"), "{printed}");
}
