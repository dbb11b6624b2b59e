//! Predictions, delayed metrics and datasets.

use reqwest::Method;
use serde_json::json;

use super::Bad;
use crate::harness::{ARROW, CSV, JSON, NDJSON, PARQUET, arrow_stream, float, id, integer, parquet, table, text, time};

const PREDICTIONS: &str = "/v1/models/known/predictions";
const DELAYED: &str = "/v1/models/known/delayed-metrics";
const DATASET: &str = "/v1/models/known/datasets/training";

/// All of them.
pub fn cases() -> Vec<Bad> {
    [json_predictions(), tables(), delayed(), datasets(), envelopes()].into_iter().flatten().collect()
}

fn post(path: &str, body: impl ToString, status: u16, code: &'static str, field: &'static str) -> Bad {
    Bad::json(Method::POST, path, body, (status, code, field))
}

fn json_predictions() -> Vec<Bad> {
    let bad = |body: serde_json::Value, code, field| post(PREDICTIONS, body, 422, code, field);
    let good = json!({"metrics": {"score": 0.1}});
    let many: serde_json::Map<_, _> = (0..5000).map(|n| (format!("m{n}"), json!(n))).collect();
    vec![
        // The row.
        bad(json!([1]), "type_mismatch", "rows[0]"),
        bad(json!([good, "row"]), "type_mismatch", "rows[1]"),
        bad(json!([good, null]), "type_mismatch", "rows[1]"),
        bad(json!({}), "missing_field", "rows[0].metrics"),
        bad(json!([good, {"time": 5}]), "missing_field", "rows[1].metrics"),
        bad(json!({"score": 0.5}), "unknown_field", "rows[0].score"),
        bad(json!({"metrics": {"score": 1}, "prediction": 2}), "unknown_field", "rows[0].prediction"),
        // id
        bad(json!({"id": "seven", "metrics": {"score": 1}}), "invalid_id", "rows[0].id"),
        bad(json!({"id": 7, "metrics": {"score": 1}}), "type_mismatch", "rows[0].id"),
        bad(json!({"id": [], "metrics": {"score": 1}}), "type_mismatch", "rows[0].id"),
        bad(json!([{"id": id(900), "metrics": {}}, {"id": id(900), "metrics": {}}]), "duplicate_id", "rows[1].id"),
        // time
        bad(json!({"time": "yesterday", "metrics": {"score": 1}}), "invalid_time", "rows[0].time"),
        bad(json!({"time": "2001-02-30T00:00:00Z", "metrics": {"score": 1}}), "invalid_time", "rows[0].time"),
        bad(json!({"time": "2001-02-03T00:00:00", "metrics": {"score": 1}}), "invalid_time", "rows[0].time"),
        bad(json!({"time": 1.5, "metrics": {"score": 1}}), "invalid_time", "rows[0].time"),
        bad(json!({"time": true, "metrics": {"score": 1}}), "invalid_time", "rows[0].time"),
        bad(json!({"time": i64::MAX, "metrics": {"score": 1}}), "invalid_time", "rows[0].time"),
        bad(json!([good, {"time": {}, "metrics": {"score": 1}}]), "invalid_time", "rows[1].time"),
        // end_time
        bad(json!({"end_time": "later", "metrics": {"score": 1}}), "invalid_time", "rows[0].end_time"),
        bad(json!({"time": 2000, "end_time": 1000, "metrics": {"score": 1}}), "invalid_time", "rows[0].end_time"),
        // deployment
        bad(json!({"deployment": 3, "metrics": {"score": 1}}), "type_mismatch", "rows[0].deployment"),
        bad(json!({"deployment": ["a"], "metrics": {"score": 1}}), "type_mismatch", "rows[0].deployment"),
        // metrics
        bad(json!({"metrics": 1}), "type_mismatch", "rows[0].metrics"),
        bad(json!({"metrics": null}), "type_mismatch", "rows[0].metrics"),
        bad(json!({"metrics": [["score", 1]]}), "type_mismatch", "rows[0].metrics"),
        bad(json!({"metrics": {"score": "high"}}), "type_mismatch", "rows[0].metrics.score"),
        bad(json!([good, {"metrics": {"score": true}}]), "type_mismatch", "rows[1].metrics.score"),
        bad(json!({"metrics": {"count": [1]}}), "type_mismatch", "rows[0].metrics.count"),
        bad(json!({"metrics": {"place": 4}}), "type_mismatch", "rows[0].metrics.place"),
        bad(json!({"metrics": {"flag": 1}}), "type_mismatch", "rows[0].metrics.flag"),
        bad(json!({"metrics": {"embedding": 1.5}}), "type_mismatch", "rows[0].metrics.embedding"),
        bad(json!({"metrics": {"embedding": [1, "two"]}}), "type_mismatch", "rows[0].metrics.embedding[1]"),
        bad(json!({"metrics": {"input": {"age": "old"}}}), "type_mismatch", "rows[0].metrics.input.age"),
        bad(json!({"metrics": {"count": u64::MAX}}), "integer_out_of_range", "rows[0].metrics.count"),
        post(
            PREDICTIONS,
            r#"{"metrics": {"count": 123456789012345678901234567890}}"#,
            422,
            "integer_out_of_range",
            "rows[0].metrics.count",
        ),
        bad(
            json!([{"metrics": {"fresh": 1}}, {"metrics": {"fresh": "one"}}]),
            "type_mismatch",
            "rows[1].metrics.fresh",
        ),
        bad(json!({"metrics": {"": 1}}), "invalid_column", "rows[0].metrics."),
        bad(json!({"metrics": {"time": 1}}), "invalid_column", "rows[0].metrics.time"),
        bad(json!({"metrics": {"a\"b": 1}}), "invalid_column", "rows[0].metrics.a\"b"),
        bad(json!({"metrics": many}), "invalid_column", "rows[0].metrics.m4089").because("too many columns"),
        post(PREDICTIONS, r#"{"metrics": {"score": 1, "score": 2}}"#, 422, "duplicate_field", "rows[0].metrics.score"),
        post(PREDICTIONS, r#"{"time": 1, "time": 2, "metrics": {}}"#, 422, "duplicate_field", "rows[0].time"),
        // JSON itself.
        post(PREDICTIONS, "", 400, "invalid_json", ""),
        post(PREDICTIONS, "hello", 400, "invalid_json", "rows[0]"),
        post(PREDICTIONS, r#"[{"metrics": {"score": 1}}, {"metrics"#, 400, "invalid_json", "rows[1]"),
        post(PREDICTIONS, r#"{"metrics": {"score": NaN}}"#, 400, "invalid_json", "rows[0]"),
        post(PREDICTIONS, r#"{"metrics": {"score": -Infinity}}"#, 400, "invalid_json", "rows[0]"),
        post(PREDICTIONS, r#"{"metrics": {"score": 1e999}}"#, 400, "invalid_json", "rows[0]"),
        post(PREDICTIONS, r#"{"metrics": {"score": 1}} {"metrics": {"score": 2}}"#, 400, "invalid_json", "rows[1]"),
        post(PREDICTIONS, format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), 422, "type_mismatch", "rows[0]")
            .because("a hundred thousand brackets"),
        post(PREDICTIONS, format!("{{\"metrics\": {{\"a\": {}1", "[".repeat(100_000)), 400, "invalid_json", "rows[0]")
            .because("a deep list"),
        post(PREDICTIONS, format!("{{\"metrics\": {}", "{\"a\": ".repeat(100_000)), 400, "invalid_json", "rows[0]")
            .because("a deep object"),
    ]
}

fn tables() -> Vec<Bad> {
    let bad = |content_type, body: Vec<u8>, status, code, field| {
        Bad::bytes(Method::POST, PREDICTIONS, content_type, body, (status, code, field))
    };
    let arrow = |column: (&str, arrow::array::ArrayRef)| arrow_stream(&table(vec![column]));
    let decimal = arrow::array::Decimal128Array::from(vec![1, 2]);
    vec![
        bad(NDJSON, b"{\"metrics\": {\"score\": 1}}\n{\"metrics\": ".to_vec(), 400, "invalid_json", "rows[1]"),
        bad(
            NDJSON,
            b"{\"metrics\": {\"score\": 1}}\n{\"metrics\": {\"score\": \"x\"}}\n".to_vec(),
            422,
            "type_mismatch",
            "rows[1].metrics.score",
        ),
        bad(CSV, Vec::new(), 400, "invalid_csv", ""),
        bad(CSV, b"score,count\n1,2\n3\n".to_vec(), 400, "invalid_csv", "rows[1]"),
        bad(CSV, b"score,score\n1,2\n".to_vec(), 422, "duplicate_field", "score"),
        bad(CSV, b"score\n1\nhigh\n".to_vec(), 422, "type_mismatch", "rows[1].metrics.score"),
        bad(CSV, b"id,score\nseven,1\n".to_vec(), 422, "invalid_id", "rows[0].id"),
        bad(CSV, b"time,score\nnoon,1\n".to_vec(), 422, "invalid_time", "rows[0].time"),
        bad(CSV, b"score\n\xff\xfe\n".to_vec(), 400, "invalid_csv", "").because("not UTF-8"),
        bad(ARROW, b"no arrow".to_vec(), 400, "invalid_arrow", ""),
        bad(ARROW, Vec::new(), 400, "invalid_arrow", "").because("an empty stream"),
        bad(ARROW, arrow(("score", text(["high"]))), 422, "type_mismatch", "score").because("text for a float"),
        bad(ARROW, arrow(("fresh", std::sync::Arc::new(decimal))), 422, "type_mismatch", "fresh").because("a decimal"),
        bad(ARROW, arrow(("id", integer([7]))), 422, "type_mismatch", "id").because("an integer id"),
        bad(ARROW, arrow(("id", text([id(901), id(901)]))), 422, "duplicate_id", "rows[1].id").because("one id twice"),
        bad(ARROW, arrow(("time", float([0.5]))), 422, "invalid_time", "rows[0].time").because("a float time"),
        bad(ARROW, arrow(("time", time([i64::MAX]))), 422, "invalid_time", "rows[0].time")
            .because("a time out of range"),
        bad(ARROW, arrow(("deployment", integer([1]))), 422, "type_mismatch", "deployment").because("an integer label"),
        bad(PARQUET, b"PAR1 no parquet PAR1".to_vec(), 400, "invalid_parquet", ""),
        bad(PARQUET, parquet(&table(vec![("place", integer([1]))])), 422, "type_mismatch", "place")
            .because("an integer for text"),
    ]
}

fn delayed() -> Vec<Bad> {
    let bad = |body: serde_json::Value, code, field| post(DELAYED, body, 422, code, field);
    vec![
        bad(json!({"metrics": {"late": 1}}), "missing_field", "rows[0].id"),
        bad(json!({"id": null, "metrics": {"late": 1}}), "missing_field", "rows[0].id"),
        bad(json!({"id": "x", "metrics": {"late": 1}}), "invalid_id", "rows[0].id"),
        bad(json!({"id": id(1)}), "missing_field", "rows[0].metrics"),
        bad(json!({"id": id(1), "time": 0, "metrics": {"late": 1}}), "unknown_field", "rows[0].time"),
        bad(
            json!([{"id": id(1), "metrics": {"late": 1}}, {"id": id(2), "metrics": {"score": "x"}}]),
            "type_mismatch",
            "rows[1].metrics.score",
        ),
        Bad::bytes(Method::POST, DELAYED, CSV, b"late\n1\n".to_vec(), (422, "missing_field", "id")),
        Bad::bytes(
            Method::POST,
            DELAYED,
            CSV,
            format!("id,time,late\n{},0,1\n", id(1)).into(),
            (422, "unknown_field", "time"),
        ),
        post(
            "/v1/models/nobody/delayed-metrics",
            json!({"id": id(1), "metrics": {"late": 1}}),
            404,
            "model_not_found",
            "model",
        ),
    ]
}

fn datasets() -> Vec<Bad> {
    let put = |content_type, body: &str, refusal| {
        Bad::bytes(Method::PUT, DATASET, content_type, body.as_bytes().to_vec(), refusal)
    };
    vec![
        put(JSON, "[{\"id\": \"x\", \"metrics\": {}}]", (422, "unknown_field", "rows[0].id")),
        put(
            JSON,
            "[{\"metrics\": {\"a\": 1}}, {\"metrics\": {\"a\": \"b\"}}]",
            (422, "type_mismatch", "rows[1].metrics.a"),
        ),
        put(CSV, "a,b\n1\n", (400, "invalid_csv", "rows[0]")),
        put("image/png", "x", (415, "unsupported_media_type", "content-type")),
        Bad::json(Method::PUT, "/v1/models/known/datasets/-x", json!([]), (400, "invalid_path", "dataset")),
        Bad::json(
            Method::PUT,
            "/v1/models/nobody/datasets/x",
            json!([{"metrics": {"a": 1}}]),
            (404, "model_not_found", "model"),
        ),
    ]
}

fn envelopes() -> Vec<Bad> {
    let rows = json!({"metrics": {"score": 1}}).to_string().into_bytes();
    vec![
        Bad::bytes(Method::POST, PREDICTIONS, "", rows.clone(), (415, "unsupported_media_type", "content-type"))
            .because("no content type"),
        Bad::bytes(
            Method::POST,
            PREDICTIONS,
            "application/xml",
            rows.clone(),
            (415, "unsupported_media_type", "content-type"),
        ),
        Bad::bytes(Method::POST, "/v1/models/-x/predictions", JSON, rows.clone(), (400, "invalid_path", "model")),
        Bad::bytes(Method::POST, "/v1/models/a%20b/predictions", JSON, rows.clone(), (400, "invalid_path", "model")),
    ]
}
