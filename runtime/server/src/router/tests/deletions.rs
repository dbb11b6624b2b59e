//! What is deleted is out of sight at once, and its bytes are gone when the deletion says so.

use std::path::Path;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Interface, ManualClock};

/// The files below `folder` that hold `needle`.
fn holding(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, needle));
        } else if std::fs::read(&path).expect("a file").windows(needle.len()).any(|window| window == needle) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn traces(data: &Path, id: Uuid) -> Vec<String> {
    [holding(data, id.as_bytes()), holding(data, id.to_string().as_bytes())].concat()
}

fn row(id: Uuid, hour: u32) -> Value {
    json!({"id": id.to_string(), "time": format!("2024-01-01T{hour:02}:00:00Z"), "metrics": {"x": hour, "who": "someone"}})
}

fn ids() -> Vec<Uuid> {
    (0..20).map(|_| Uuid::new_v4()).collect()
}

async fn tracked(interface: &Interface, ids: &[Uuid]) {
    let rows: Vec<Value> = (0..).zip(ids).map(|(hour, id)| row(*id, hour)).collect();
    let request = axum::http::Request::post("/v1/models/m/predictions")
        .header("content-type", "application/json")
        .header("idempotency-key", Uuid::new_v4().to_string())
        .body(axum::body::Body::from(Value::from(rows).to_string()));
    assert_eq!(interface.send(request.expect("a request")).await.status, 200);
}

async fn label(interface: &Interface, id: Uuid, value: i64) {
    let body = json!({"id": id.to_string(), "metrics": {"label": value}});
    assert_eq!(interface.json(Method::POST, "/v1/models/m/delayed-metrics", body).await.status, 200);
}

async fn listed(interface: &Interface) -> Vec<String> {
    let page = interface.get("/v1/models/m/predictions").await.json();
    let id = |item: &Value| item["id"].as_str().expect("an id").to_owned();
    page["items"].as_array().expect("items").iter().map(id).collect()
}

async fn delete(interface: &Interface, path: &str) -> super::Answer {
    interface.json(Method::DELETE, path, json!(null)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_a_prediction_is_left_wherever_it_was() {
    for (place, sealed, labelled_first) in
        [("log", false, false), ("segments", true, false), ("late labels", true, true)]
    {
        let clock = ManualClock::at("2024-01-02T00:00:00Z");
        let interface = Interface::by(&clock, TempDir::new().expect("a directory"));
        let ids = ids();
        if labelled_first {
            interface.json(Method::PUT, "/v1/models/m", json!({})).await;
            label(&interface, ids[7], 1).await;
            interface.app.storage.seal_all().expect("seals");
        }
        tracked(&interface, &ids).await;
        label(&interface, ids[7], 2).await;
        label(&interface, ids[8], 3).await;
        if sealed {
            interface.app.storage.seal_all().expect("seals");
        }
        let path = interface.data.path().to_owned();
        assert!(!traces(&path, ids[7]).is_empty(), "{place}: the search finds it before");
        let answer = delete(&interface, &format!("/v1/models/m/predictions/{}", ids[7])).await;
        let deletion = answer.json();
        assert_eq!(
            (answer.status, &deletion["status"]),
            (StatusCode::OK, &json!("completed")),
            "{place}: {}",
            answer.text
        );
        assert!(deletion["rows"].as_u64().expect("rows") >= 1, "{place}: {}", answer.text);
        assert_eq!(deletion["rolled_up_contribution"], "none");
        assert_eq!(traces(&path, ids[7]), [""; 0], "{place}");
        assert_eq!(listed(&interface).await.len(), 19, "{place}");
        let address = answer.headers["location"].to_str().expect("an address").to_owned();
        assert_eq!(interface.get(&address).await.json(), deletion);
        let again = delete(&interface, &format!("/v1/models/m/predictions/{}", ids[7])).await.json();
        assert_eq!((&again["status"], &again["rows"]), (&json!("completed"), &json!(0)), "{place}");
        // What comes late for it is dropped, its neighbours are as they were.
        label(&interface, ids[7], 4).await;
        tracked(&interface, &ids[7..8]).await;
        assert_eq!(listed(&interface).await.len(), 19, "{place}");
        let page = interface.get("/v1/models/m/predictions").await.json();
        assert_eq!(page["items"][7]["metrics"]["label"], 3, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_prediction_is_out_of_sight_before_its_bytes_are() {
    let clock = ManualClock::at("2024-01-02T00:00:00Z");
    let interface = Interface::by(&clock, TempDir::new().expect("a directory"));
    let ids = ids();
    tracked(&interface, &ids).await;
    interface.app.storage.seal_all().expect("seals");
    let name = "m".parse().expect("a name");
    let deletion = interface.app.storage.delete_prediction(&name, ids[3].into_bytes()).expect("deletes");
    assert_eq!(deletion.finished, None);
    assert!(!listed(&interface).await.contains(&ids[3].to_string()));
    // A crash before the first step: the next life takes it up.
    let clock = clock.clone();
    let interface = Interface::by(&clock, interface.stopped());
    assert!(!listed(&interface).await.contains(&ids[3].to_string()));
    crate::maintenance::erase(interface.app.clone()).await;
    let done = interface.get(&format!("/v1/deletions/{}", deletion.id)).await.json();
    assert_eq!((&done["status"], &done["rows"]), (&json!("completed"), &json!(1)));
    assert_eq!(traces(interface.data.path(), ids[3]), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_a_model_is_left_and_its_name_starts_afresh() {
    let clock = ManualClock::at("2024-01-02T00:00:00Z");
    let interface = Interface::by(&clock, TempDir::new().expect("a directory"));
    let name = "very-secret-model";
    let path = format!("/v1/models/{name}");
    let put = json!({"description": "of very-secret-model", "retention": {"raw_days": 30}});
    interface.json(Method::PUT, &path, put).await;
    let rows: Vec<Value> = (0..).zip(ids()).map(|(hour, id)| row(id, hour)).collect();
    interface.json(Method::POST, &format!("{path}/predictions"), rows.clone().into()).await;
    interface.app.storage.seal_all().expect("seals");
    interface.json(Method::POST, &format!("{path}/predictions"), rows.into()).await;
    interface.json(Method::PUT, &format!("{path}/datasets/training"), json!([{"metrics": {"x": 1}}])).await;
    let aggregate = json!({"start": 0, "end": 1000, "metrics": {"cost": 1.5}});
    interface.json(Method::POST, &format!("{path}/aggregates"), aggregate).await;
    let request = json!({"model": name, "plugin": "ks", "inputs": {"value": "x"},
        "window": {"start": "2024-01-01T00:00:00Z", "end": "2024-01-02T00:00:00Z"}, "reference": {"dataset": "training"}});
    let evaluation = interface.json(Method::POST, "/v1/evaluations", request).await.json();
    assert_eq!(evaluation["status"], "succeeded", "{evaluation}");
    clock.turn_days(31);
    crate::maintenance::retain(&interface.app, &Default::default()).await.expect("retains");
    let data = interface.data.path().to_owned();
    assert!(!holding(&data, name.as_bytes()).is_empty(), "the search finds it before");
    let answer = delete(&interface, &path).await;
    assert_eq!((answer.status, &answer.json()["status"]), (StatusCode::OK, &json!("completed")), "{}", answer.text);
    assert_eq!(holding(&data, name.as_bytes()), [""; 0]);
    for folder in ["segments", "datasets", "rollups"] {
        let files = walk(&data.join(folder));
        assert_eq!(files, 0, "{folder}");
    }
    assert_eq!(interface.get(&path).await.status, 404);
    let id = evaluation["id"].as_str().expect("an id");
    assert_eq!(interface.get(&format!("/v1/evaluations/{id}")).await.status, 404);
    interface.json(Method::POST, &format!("{path}/predictions"), json!([{"metrics": {"other": "text"}}])).await;
    let fresh = interface.get(&path).await.json();
    assert_eq!((&fresh["predictions"], &fresh["schema"]), (&json!(1), &json!([{"name": "other", "type": "text"}])));
    assert_eq!(fresh["description"], Value::Null);
}

fn walk(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|e| e.expect("an entry").path()).map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}
