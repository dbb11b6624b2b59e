//! What an operator relies on: backups, checks, a disk that fills up, and metrics.

mod backups;
mod full_disk;
mod full_spool;
mod metrics;
mod small_disk;

use serde_json::{Value, json};

use crate::harness::{self, Server, id};

/// Runs a command; gives its exit code and everything it printed.
fn driftline(arguments: &[&str]) -> (Option<i32>, String) {
    harness::driftline(arguments, &[])
}

/// Runs a command that must succeed; gives what it printed.
fn succeed(arguments: &[&str]) -> String {
    harness::succeed(arguments, &[])
}

/// Predictions with the ids from `first` on: a score, and in `town` much text.
fn predictions(first: u64, count: u64) -> Value {
    let rows = (first..first + count).map(|number| {
        let metrics = json!({ "score": (number % 97) as f64 / 97.0, "town": format!("town {number} {}", "x".repeat(200)) });
        json!({ "id": id(number), "time": format!("2026-01-01T00:{:02}:{:02}Z", number / 60 % 60, number % 60), "metrics": metrics })
    });
    rows.collect()
}

/// What the server counts of a model.
async fn counted(server: &Server, model: &str) -> u64 {
    server.get(&format!("/v1/models/{model}")).await.expect(200)["predictions"].as_u64().expect("a count")
}
