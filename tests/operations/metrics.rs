//! What Prometheus scrapes tells how storage is doing.

use std::collections::BTreeMap;

use serde_json::json;

use super::predictions;
use crate::harness::{Server, id};

/// Every sample by its name and labels.
async fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let text = server.get("/metrics").await.text();
    let samples = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    samples.map(|(name, value)| (name.to_owned(), value.parse().expect("a number"))).collect()
}

#[tokio::test]
async fn storage_is_measured() {
    let mut server = Server::start_with(&["--seal-rows", "0"]).await;
    server.post("/v1/models/m/predictions", &predictions(0, 300)).await.expect(200);
    let label = json!([{ "id": id(1), "metrics": { "truth": true } }]);
    server.post("/v1/models/m/delayed-metrics", &label).await.expect(200);
    let logged = scrape(&server).await;
    for (sample, least) in [
        (r#"driftline_log_rows{kind="predictions"}"#, 300.0),
        (r#"driftline_log_rows{kind="delayed_metrics"}"#, 1.0),
        ("driftline_delayed_pending_rows", 1.0),
        (r#"driftline_log_bytes{kind="predictions"}"#, 1_000.0),
        (r#"driftline_log_oldest_seconds{kind="predictions"}"#, 0.000_001),
        (r#"driftline_segments{kind="predictions"}"#, 0.0),
        ("driftline_commit_seconds_count", 2.0),
        ("driftline_append_wait_seconds_count", 2.0),
        (r#"driftline_cache_bytes{cache="log"}"#, 0.0),
    ] {
        let found = logged.get(sample).unwrap_or_else(|| panic!("{sample} is missing: {logged:#?}"));
        assert!(*found >= least, "{sample} is {found}");
    }
    server.set_options(&["--seal-rows", "100"]);
    server.restart().await;
    server.sealed("m").await;
    let sealed = scrape(&server).await;
    assert_eq!(sealed[r#"driftline_segment_rows{kind="predictions"}"#], 300.0);
    assert_eq!(sealed[r#"driftline_log_rows{kind="predictions"}"#], 0.0);
    assert!(sealed[r#"driftline_storage_work_seconds_count{work="seal"}"#] >= 1.0, "{sealed:#?}");
    assert_eq!(sealed[r#"driftline_storage_work_failures_total{work="seal"}"#], 0.0);
}

#[tokio::test]
async fn every_metric_says_what_it_is() {
    let server = Server::start().await;
    let text = server.get("/metrics").await.text();
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).filter_map(|line| line.split(' ').next());
    for metric in kinds {
        let help = text.lines().find_map(|line| line.strip_prefix(&format!("# HELP {metric} ")));
        assert!(help.is_some_and(|help| help.len() > 5), "{metric}: {help:?}");
    }
    // What only grows is a counter.
    assert!(text.contains("# TYPE driftline_state_cache_events counter"), "{text}");
    assert!(text.contains(r#"driftline_state_cache_events_total{event="hit"} 0"#), "{text}");
}
