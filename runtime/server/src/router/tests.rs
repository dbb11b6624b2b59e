//! The interface driven in process: what each call answers, and each envelope's refusal.

mod breakers;
mod deletions;
mod retention;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use driftline_core::Time;
use driftline_storage::{Clock, Options};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::router;
use crate::{Config, app::Shared, server, standard_plugins};

/// The interface over an empty data directory.
struct Interface {
    router: Router,
    app: Shared,
    data: TempDir,
}

/// A clock that the test turns.
struct ManualClock(AtomicI64);

const DAY_MICROS: i64 = 86_400_000_000;

impl ManualClock {
    fn at(time: &str) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time.parse::<Time>().expect("a time").micros())))
    }

    fn turn_days(&self, days: i64) {
        self.0.fetch_add(days * DAY_MICROS, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst)).expect("a time")
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Interface {
    fn new() -> Self {
        Self::over(TempDir::new().expect("a directory"), Options::default(), 4096)
    }

    /// Over the directory `data`, with a clock of the test's own and the standard plugins.
    fn by(clock: &Arc<ManualClock>, data: TempDir) -> Self {
        Self::with(Options { clock: clock.clone(), ..Options::default() }, data)
    }

    /// The same with faults too.
    fn with(options: Options, data: TempDir) -> Self {
        let interface = Self::over(data, options, Config::new("".into(), ([127, 0, 0, 1], 0).into()).limits.json_bytes);
        standard_plugins::install_missing(&interface.app.storage).expect("installs");
        interface
    }

    fn over(data: TempDir, options: Options, json_bytes: usize) -> Self {
        let mut config = Config::new(data.path().to_owned(), ([127, 0, 0, 1], 0).into());
        config.compile_in_process = true;
        config.limits.json_bytes = json_bytes;
        config.limits.document_bytes = config.limits.document_bytes.min(json_bytes);
        let app = server::open_with(&config, options).expect("opens");
        Self { router: router(&app), app, data }
    }

    /// Stops without shutting down, as a crash would; the directory stays.
    fn stopped(self) -> TempDir {
        self.app.storage.close();
        self.data
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }
}

#[tokio::test]
async fn rows_come_back_as_they_were_tracked() {
    let interface = Interface::new();
    let rows = json!([
        {"id": "00000000-0000-4000-8000-000000000001", "time": 0, "deployment": "v1", "metrics": {"a": 1, "in": {"x": "é"}}},
        {"id": "00000000-0000-4000-8000-000000000002", "time": "1970-01-01T00:00:01Z", "end_time": 2000, "metrics": {"v": [1, 2.5]}},
    ]);
    let answer = interface.json(Method::POST, "/v1/models/m/predictions", rows).await;
    assert_eq!((answer.status, &answer.json()["accepted"]), (StatusCode::OK, &json!(2)));
    let delayed = json!({"id": "00000000-0000-4000-8000-000000000001", "metrics": {"late": true}});
    assert_eq!(interface.json(Method::POST, "/v1/models/m/delayed-metrics", delayed).await.status, 200);
    let mut page = interface.get("/v1/models/m/predictions").await.json();
    let labelled_at = page["items"][0].as_object_mut().and_then(|item| item.remove("labelled_at"));
    assert!(labelled_at.is_some_and(|time| time.is_string()), "{page}");
    let expected = json!({"items": [
        {"id": "00000000-0000-4000-8000-000000000001", "time": "1970-01-01T00:00:00Z", "deployment": "v1",
         "metrics": {"a": 1, "in.x": "é", "late": true}},
        {"id": "00000000-0000-4000-8000-000000000002", "time": "1970-01-01T00:00:01Z", "end_time": "1970-01-01T00:00:02Z",
         "metrics": {"v": [1.0, 2.5]}},
    ]});
    assert_eq!(page, expected);
    let first = interface.get("/v1/models/m/predictions?limit=1&columns=a").await.json();
    let cursor = first["next_cursor"].as_str().expect("more");
    let second = interface.get(&format!("/v1/models/m/predictions?limit=1&columns=a&cursor={cursor}")).await.json();
    assert_eq!(second["items"][0]["id"], expected["items"][1]["id"]);
    assert_eq!(second["next_cursor"], Value::Null);
    let model = interface.get("/v1/models/m").await.json();
    assert_eq!((&model["predictions"], &model["label_coverage"]), (&json!(2), &json!(0.5)));
    let labels = &model["labels"];
    assert_eq!((&labels["labelled"], &labels["unmatched"], &labels["expired"]), (&json!(1), &json!(0), &json!(0)));
    let mut day = labels["periods"][0].clone();
    assert!(day["lag_p50_seconds"].take().as_f64().is_some_and(|lag| lag > 1e9), "{labels}");
    assert_eq!(day["lag_p95_seconds"].take(), labels["lag_p95_seconds"]);
    assert_eq!(
        day,
        json!({"start": "1970-01-01T00:00:00Z", "end": "1970-01-02T00:00:00Z", "predictions": 2,
        "labelled": 1, "coverage": 0.5, "lag_p50_seconds": null, "lag_p95_seconds": null})
    );
}

#[tokio::test]
async fn labels_without_a_prediction_are_listed_page_by_page() {
    let interface = Interface::new();
    let id = |n: u32| format!("00000000-0000-4000-8000-{n:012}");
    let prediction = json!({"id": id(2), "time": 0, "metrics": {"a": 1}});
    assert_eq!(interface.json(Method::POST, "/v1/models/m/predictions", prediction).await.status, 200);
    let rows: Vec<_> = (1..=4).map(|n| json!({"id": id(n), "metrics": {"late": true}})).collect();
    assert_eq!(interface.json(Method::POST, "/v1/models/m/delayed-metrics", json!(rows)).await.status, 200);
    let first = interface.get("/v1/models/m/delayed-metrics?limit=2").await.json();
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2), "{first}");
    assert_eq!((&first["items"][0]["id"], &first["items"][1]["id"]), (&json!(id(1)), &json!(id(3))));
    assert!(first["items"][0]["received"].is_string() && first["items"][0]["expires"].is_string(), "{first}");
    let cursor = first["next_cursor"].as_str().expect("more");
    let second = interface.get(&format!("/v1/models/m/delayed-metrics?limit=2&cursor={cursor}")).await.json();
    assert_eq!((&second["items"][0]["id"], &second["next_cursor"]), (&json!(id(4)), &Value::Null));
    assert_eq!(interface.get("/v1/models/none/delayed-metrics").await.status, 404);
    assert_eq!(interface.get("/v1/models/m/delayed-metrics?cursor=x").await.json()["code"], "invalid_cursor");
}

#[tokio::test]
async fn a_retry_with_its_key_is_answered_as_the_first_attempt_was() {
    let interface = Interface::new();
    let send = |key: &'static str, body: &'static str| {
        let request = Request::post("/v1/models/m/predictions").header(header::CONTENT_TYPE, "application/json");
        interface.send(request.header("idempotency-key", key).body(Body::from(body)).expect("a request"))
    };
    let first = send("k1", r#"{"metrics": {"a": 1}}"#).await;
    assert_eq!(first.status, 200);
    assert_eq!(send("k1", r#"{"metrics": {"a": 1}}"#).await.text, first.text);
    let other = send("k1", r#"{"metrics": {"a": 2}}"#).await;
    assert_eq!((other.status.as_u16(), &other.json()["code"]), (422, &json!("idempotency_key_reused")));
    let invalid = send("two words", r#"{"metrics": {"a": 2}}"#).await;
    assert_eq!((invalid.status.as_u16(), &invalid.json()["field"]), (400, &json!("idempotency-key")));
    assert_eq!(interface.get("/v1/models/m").await.json()["predictions"], 1);
}

#[tokio::test]
async fn a_schema_that_was_seen_long_ago_neither_refuses_nor_spoils_a_row() {
    let interface = Interface::new();
    let path = "/v1/models/m/predictions";
    let name = "m".parse().expect("a name");
    assert_eq!(interface.json(Method::POST, path, json!({"metrics": {"a": 1}})).await.status, 200);
    let old = interface.app.schemas.seen(&name).expect("remembered");
    assert_eq!(interface.json(Method::POST, path, json!({"metrics": {"a": 1, "b": "x"}})).await.status, 200);
    interface.app.schemas.remember(&name, old);
    let refused = interface.json(Method::POST, path, json!({"metrics": {"b": 5}})).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (422, &json!("rows[0].metrics.b")));
    assert_eq!(interface.json(Method::POST, path, json!({"metrics": {"a": 1.5, "b": "y"}})).await.status, 200);
    assert_eq!(interface.get("/v1/models/m").await.json()["predictions"], 3);
}

#[tokio::test]
async fn models_datasets_and_aggregates_are_put_listed_and_shown() {
    let interface = Interface::new();
    let put = json!({"description": "d", "tags": ["t"], "retention_days": 30});
    assert_eq!(interface.json(Method::PUT, "/v1/models/m", put.clone()).await.status, 201);
    assert_eq!(interface.json(Method::PUT, "/v1/models/m", put).await.status, 200);
    assert_eq!(interface.get("/v1/models").await.json()["items"][0]["name"], "m");
    let rows = json!([{"metrics": {"x": 1}}, {"metrics": {"x": 2}}]);
    let stored = interface.json(Method::PUT, "/v1/models/m/datasets/training", rows).await.json();
    assert_eq!((&stored["rows"], &stored["schema"]), (&json!(2), &json!([{"name": "x", "type": "integer"}])));
    assert_eq!(interface.get("/v1/models/m/datasets").await.json()["items"][0]["name"], "training");
    assert_eq!(interface.get("/v1/models/m/datasets/training").await.json()["digest"], stored["digest"]);
    let aggregate = json!({"start": 0, "end": 1000, "metrics": {"cost": 1.5, "gain": null}});
    let accepted = interface.json(Method::POST, "/v1/models/m/aggregates", aggregate).await.json();
    assert_eq!(accepted, json!({"accepted": 2}));
    let found = interface.get("/v1/models/m/aggregates?name=cost&start=0&end=1").await.json();
    assert_eq!(found["items"][0]["value"], 1.5);
    assert_eq!(found["items"][0]["source"], "user");
    assert_eq!(interface.get("/v1/models/m/aggregates?start=1000").await.json()["items"], json!([]));
}

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_code_and_a_field() {
    let interface = Interface::new();
    interface.json(Method::PUT, "/v1/models/m", json!({})).await;
    let long = "x".repeat(5000);
    let window = json!({"start": 0, "end": 1000});
    let evaluation = |changes: Value| {
        let mut body = json!({"model": "m", "plugin": "p", "window": window});
        changes.as_object().into_iter().flatten().for_each(|(key, value)| body[key] = value.clone());
        (Method::POST, "/v1/evaluations", body)
    };
    let retention = |body: Value| (Method::PUT, "/v1/models/m", json!({ "retention": body }));
    type Call<'a> = (Method, &'a str, Value);
    let table: Vec<(Call<'_>, u16, &str, Value)> = vec![
        ((Method::GET, "/nothing", json!(null)), 404, "unknown_path", json!(null)),
        ((Method::PATCH, "/v1/models", json!(null)), 405, "method_not_allowed", json!(null)),
        ((Method::PUT, "/v1/models/-m", json!({})), 400, "invalid_path", json!("model")),
        ((Method::PUT, "/v1/models/m", json!({"tag": []})), 422, "unknown_field", json!("tag")),
        ((Method::PUT, "/v1/models/m", json!({"tags": [1]})), 422, "invalid_field", json!("tags[0]")),
        ((Method::PUT, "/v1/models/m", json!({"retention_days": 0})), 422, "invalid_field", json!("retention_days")),
        (retention(json!({"raw_days": 0})), 422, "invalid_field", json!("retention.raw_days")),
        (retention(json!({"summary_days": 99_999})), 422, "invalid_field", json!("retention.summary_days")),
        (retention(json!({"raw_days": 30, "summary_days": 29})), 422, "invalid_field", json!("retention.summary_days")),
        (retention(json!({"days": 30})), 422, "unknown_field", json!("retention.days")),
        (
            (Method::PUT, "/v1/models/m", json!({"retention": {"raw_days": 3}, "retention_days": 4})),
            422,
            "invalid_field",
            json!("retention_days"),
        ),
        ((Method::DELETE, "/v1/models/none", json!(null)), 404, "model_not_found", json!("model")),
        (
            (Method::DELETE, "/v1/models/none/predictions/00000000-0000-4000-8000-000000000001", json!(null)),
            404,
            "model_not_found",
            json!("model"),
        ),
        ((Method::DELETE, "/v1/models/m/predictions/1", json!(null)), 400, "invalid_path", json!("id")),
        (
            (Method::GET, "/v1/deletions/00000000-0000-4000-8000-000000000001", json!(null)),
            404,
            "deletion_not_found",
            json!("id"),
        ),
        ((Method::PUT, "/v1/models/m", json!({"description": long})), 413, "body_too_large", json!(null)),
        ((Method::GET, "/v1/models/none", json!(null)), 404, "model_not_found", json!("model")),
        ((Method::GET, "/v1/models?limit=0", json!(null)), 422, "invalid_limit", json!("limit")),
        ((Method::GET, "/v1/models?size=1", json!(null)), 400, "unknown_field", json!("size")),
        ((Method::GET, "/v1/plugins/none", json!(null)), 404, "plugin_not_found", json!("plugin")),
        ((Method::GET, "/v1/plugins/a@", json!(null)), 422, "invalid_plugin", json!("plugin")),
        ((Method::POST, "/v1/plugins", json!("no wasm")), 422, "not_wasm", json!(null)),
        (evaluation(json!({"wait": "9 hours"})), 422, "invalid_field", json!("wait")),
        (evaluation(json!({"window": {"last": "7y"}})), 422, "invalid_field", json!("window.last")),
        (evaluation(json!({"window": {"start": 5, "end": 1}})), 422, "invalid_window", json!("window")),
        (evaluation(json!({"window": {"start": 5}})), 422, "missing_field", json!("window.end")),
        (evaluation(json!({"inputs": {"a": 5}})), 422, "invalid_field", json!("inputs.a")),
        (evaluation(json!({"refrence": {}})), 422, "unknown_field", json!("refrence")),
        (evaluation(json!({})), 404, "plugin_not_found", json!("plugin")),
    ];
    for ((method, path, body), status, code, field) in table {
        let answer = interface.json(method, path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (status, Some(code)),
            "{path}: {}",
            answer.text
        );
        assert_eq!(answer.json()["field"], field, "{path}: {}", answer.text);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
    }
}

#[tokio::test]
async fn encodings_are_decoded_within_the_limit_or_refused() {
    let interface = Interface::new();
    // `{"metrics":{"a":1}}` through gzip, then 9,000 blanks.
    let good: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 202, 77, 45, 41, 202, 76, 46, 86, 178, 170, 86, 74, 84, 178, 50, 172,
        173, 5, 0, 193, 23, 183, 107, 19, 0, 0, 0,
    ];
    let blanks: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 1, 13, 0, 0, 0, 194, 160, 42, 239, 159, 210, 30, 14, 40, 0, 0, 0, 0,
        0, 0, 0, 0, 248, 55, 6, 16, 133, 158, 40, 35, 0, 0,
    ];
    for (encoding, body, status, code) in [
        ("gzip", good, 200, None),
        ("gzip", blanks, 413, Some("body_too_large")),
        ("gzip", &good[..20], 400, Some("invalid_body")),
        ("zstd", good, 400, Some("invalid_body")),
        ("br", good, 415, Some("unsupported_encoding")),
    ] {
        let request = Request::post("/v1/models/m/predictions")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, encoding)
            .body(Body::from(body.to_vec()));
        let answer = interface.send(request.expect("a request")).await;
        assert_eq!(answer.status.as_u16(), status, "{encoding}: {}", answer.text);
        assert_eq!(answer.json()["code"].as_str(), code, "{encoding}");
    }
}

#[tokio::test]
async fn answers_carry_the_request_id_and_the_interface_describes_itself() {
    let interface = Interface::new();
    let request = Request::get("/healthz").header("x-request-id", "mine").body(Body::empty());
    assert_eq!(interface.send(request.expect("a request")).await.headers["x-request-id"], "mine");
    assert!(interface.get("/readyz").await.headers.contains_key("x-request-id"));
    let metrics = interface.get("/metrics").await.text;
    assert!(
        metrics.contains(r#"driftline_http_requests_total{method="GET",route="/healthz",status="200"} 1"#),
        "{metrics}"
    );
    let described = interface.get("/openapi.json").await.json();
    let paths = described["paths"].as_object().expect("paths");
    let calls: usize = paths.values().filter_map(Value::as_object).map(serde_json::Map::len).sum();
    assert_eq!((paths.len(), calls), (50, 68), "{:?}", paths.keys());
    interface.app.storage.close();
    assert_eq!(interface.get("/healthz").await.status, 200);
}
