//! Models, aggregates and plugins.

use reqwest::Method;
use serde_json::json;

use super::Bad;

/// All of them.
pub fn cases() -> Vec<Bad> {
    [models(), aggregates(), plugins()].into_iter().flatten().collect()
}

fn models() -> Vec<Bad> {
    let put = |body: serde_json::Value, status, code, field| {
        Bad::json(Method::PUT, "/v1/models/known", body, (status, code, field))
    };
    vec![
        put(json!({"description": 7}), 422, "invalid_field", "description"),
        put(json!({"tags": "fraud"}), 422, "invalid_field", "tags"),
        put(json!({"tags": ["fraud", 7]}), 422, "invalid_field", "tags[1]"),
        put(json!({"lineage": {}}), 422, "invalid_field", "lineage"),
        put(json!({"retention_days": -1}), 422, "invalid_field", "retention_days"),
        put(json!({"retention_days": 1.5}), 422, "invalid_field", "retention_days"),
        put(json!({"retention": 30}), 422, "invalid_field", "retention"),
        put(json!({"retention": {"days": 30}}), 422, "unknown_field", "retention.days"),
        put(json!({"retain": 30}), 422, "unknown_field", "retain"),
        put(json!([]), 422, "invalid_field", ""),
        Bad::json(Method::PUT, "/v1/models/a%2Fb", json!({}), (400, "invalid_path", "model")),
    ]
}

fn aggregates() -> Vec<Bad> {
    let post = |body: serde_json::Value, status, code, field| {
        Bad::json(Method::POST, "/v1/models/known/aggregates", body, (status, code, field))
    };
    vec![
        post(json!({"start": 0, "metrics": {"a": 1}}), 422, "missing_field", "end"),
        post(json!({"end": 0, "metrics": {"a": 1}}), 422, "missing_field", "start"),
        post(json!({"start": 0, "end": 1}), 422, "missing_field", "metrics"),
        post(json!({"start": 1, "end": 1, "metrics": {"a": 1}}), 422, "invalid_window", "end"),
        post(json!({"start": 2, "end": 1, "metrics": {"a": 1}}), 422, "invalid_window", "end"),
        post(json!({"start": "now", "end": 1, "metrics": {"a": 1}}), 422, "invalid_field", "start"),
        post(json!({"start": 0, "end": true, "metrics": {"a": 1}}), 422, "invalid_field", "end"),
        post(json!({"start": 0, "end": 1, "metrics": {"a": "high"}}), 422, "type_mismatch", "metrics.a"),
        post(json!({"start": 0, "end": 1, "metrics": [1]}), 422, "invalid_field", "metrics"),
        post(json!({"start": 0, "end": 1, "metrics": {}}), 422, "missing_field", "metrics"),
        post(json!({"start": 0, "end": 1, "metrics": {"a": 1}, "by": "me"}), 422, "unknown_field", "by"),
        Bad::json(
            Method::POST,
            "/v1/models/nobody/aggregates",
            json!({"start": 0, "end": 1, "metrics": {"a": 1}}),
            (404, "model_not_found", "model"),
        ),
    ]
}

fn plugins() -> Vec<Bad> {
    let upload = |body: &[u8], status, code, what| {
        Bad::bytes(Method::POST, "/v1/plugins", "application/wasm", body.to_vec(), (status, code, "")).because(what)
    };
    vec![
        upload(b"", 422, "not_wasm", "nothing"),
        upload(b"#!/bin/sh\necho hello\n", 422, "not_wasm", "a shell script"),
        upload(b"\0asm", 422, "truncated", "half a header"),
        upload(b"\0asm\x01\0\0\0\x01", 422, "truncated", "half a section"),
        upload(b"\0asm\x01\0\0\0", 422, "world_mismatch", "an empty module"),
        upload(b"\0asm\x0d\0\x01\0", 422, "world_mismatch", "an empty component"),
        upload(b"\0asm\x01\0\0\0\x0b\x01\x01", 422, "invalid_wasm", "a data section without memory"),
        Bad::bytes(
            Method::DELETE,
            "/v1/plugins/no-such-plugin@1.0.0",
            "",
            Vec::new(),
            (404, "plugin_not_found", "plugin"),
        ),
    ]
}
