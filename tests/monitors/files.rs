//! `driftline apply`: files made true, once; a dry run changes nothing; what is wrong is refused as a whole.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::House;
use crate::harness::driftline;

const MONITORS: &str = "
name: mean
model: m
plugin: summary
inputs: {value: x}
window: {last: 1d}
schedule: {cron: '@daily'}
thresholds: [{output: mean, constant: {upper: 5}}]
alerts: {channels: [ops]}
---
kind: channel
name: ops
type: webhook
url: http://127.0.0.1:9/hook
secret: ${HOOK_SECRET}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_applied_once_and_refused_as_a_whole() {
    let house = House::at("2024-01-01T00:00:00Z").await;
    house.post("/v1/models/m/predictions", &json!([{"metrics": {"x": 1.5}}])).await.expect(200);
    let folder = TempDir::new().expect("a directory");
    let file = folder.path().join("monitors.yaml");
    let write = |text: &str| fs::write(&file, text).expect("written");
    let apply = |more: &[&str]| {
        let path = folder.path().to_str().expect("UTF-8");
        let arguments = [&["apply", "-f", path, "--server", &house.url], more].concat();
        tokio::task::block_in_place(|| driftline(&arguments, &[("HOOK_SECRET", "hush")]))
    };
    write(MONITORS);
    let (code, printed) = apply(&["--dry-run"]);
    assert_eq!(code, Some(3), "{printed}");
    assert!(printed.contains("monitor mean: created") && printed.contains("channel ops: created"), "{printed}");
    assert_eq!(house.get("/v1/monitors").await.expect(200)["items"], json!([]), "a dry run changes nothing");
    assert_eq!(apply(&[]).0, Some(0));
    let (code, printed) = apply(&[]);
    assert!(code == Some(0) && printed.contains("2 unchanged"), "{printed}");
    assert_eq!(apply(&["--dry-run"]).0, Some(0));
    let monitor = house.get("/v1/monitors/mean").await.expect(200);
    assert_eq!(monitor["revision"], 1, "{monitor}");
    assert_eq!(house.get("/v1/channels/ops").await.expect(200)["secret"], "***");

    write(&MONITORS.replace("upper: 5", "upper: 6").replace("last: 1d", "last: 2d"));
    let (code, printed) = apply(&["--dry-run"]);
    assert_eq!(code, Some(3), "{printed}");
    for line in [r#"window.last: "1d" -> "2d""#, "thresholds[0].constant.upper: 5.0 -> 6.0"] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    assert_eq!(apply(&[]).0, Some(0));
    assert_eq!(house.get("/v1/monitors/mean").await.expect(200)["revision"], 2);

    write(&format!("{}\n---\nname: second\nmodel: m\nplugin: nothing\nwindow: {{last: 1d}}\n", MONITORS));
    let (code, printed) = apply(&[]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("monitors.yaml#3.plugin") && printed.contains("plugin_not_found"), "{printed}");
    assert_eq!(house.get("/v1/monitors/mean").await.expect(200)["revision"], 2, "nothing was changed");

    write("kind: channel\nname: ops\ntype: webhook\nurl: http://127.0.0.1:9/hook\nsecret: ${HOOK_SECRET}\n");
    let (code, printed) = apply(&["--prune"]);
    assert!(code == Some(0) && printed.contains("monitor mean: removed"), "{printed}");
    house.get("/v1/monitors/mean").await.expect_problem(404, "monitor_not_found", "monitor");
}
