//! Query strings and paths of the calls that read.

use reqwest::Method;

use super::Bad;

fn get(path: &str, status: u16, code: &'static str, field: &'static str) -> Bad {
    Bad::bytes(Method::GET, path, "", Vec::new(), (status, code, field))
}

/// All of them.
pub fn cases() -> Vec<Bad> {
    const ROWS: &str = "/v1/models/known/predictions";
    let rows = |query: &str, status, code, field| get(&format!("{ROWS}?{query}"), status, code, field);
    vec![
        rows("start=noon", 400, "invalid_query", "start"),
        rows("end=noon", 400, "invalid_query", "end"),
        rows("start=9&end=5", 422, "invalid_window", "end"),
        rows("columns=scoer", 422, "unknown_column", "columns"),
        rows("where=score", 422, "filter_not_boolean", "where"),
        rows("where=scoer%3E1", 422, "unknown_column", "where"),
        rows("limit=0", 422, "invalid_limit", "limit"),
        rows("limit=10001", 422, "invalid_limit", "limit"),
        rows("limit=ten", 400, "invalid_query", "limit"),
        rows("cursor=zzz", 422, "invalid_cursor", "cursor"),
        rows("order=score", 400, "unknown_field", "order"),
        get("/v1/models/nobody/predictions", 404, "model_not_found", "model"),
        get("/v1/models/nobody", 404, "model_not_found", "model"),
        get("/v1/models/nobody/aggregates", 404, "model_not_found", "model"),
        get("/v1/models/-x", 400, "invalid_path", "model"),
        get("/v1/models?limit=0", 422, "invalid_limit", "limit"),
        get("/v1/models?limit=1001", 422, "invalid_limit", "limit"),
        get("/v1/models?colour=red", 400, "unknown_field", "colour"),
        get("/v1/models/known/aggregates?start=noon", 400, "invalid_query", "start"),
        get("/v1/models/known/aggregates?limit=0", 422, "invalid_limit", "limit"),
        get("/v1/models/known/aggregates?evaluation=7", 400, "invalid_query", "evaluation"),
        get("/v1/evaluations?status=done", 400, "invalid_query", "status"),
        get("/v1/evaluations?limit=0", 422, "invalid_limit", "limit"),
        get("/v1/plugins/no-such-plugin", 404, "plugin_not_found", "plugin"),
        get("/v1/plugins/roc-auc@99.0.0", 404, "plugin_not_found", "plugin"),
        get("/v1/plugins/roc-auc@99.0.0/wasm", 404, "plugin_not_found", "plugin"),
        get("/v1/modles", 404, "unknown_path", ""),
        get("/", 404, "unknown_path", ""),
        Bad::bytes(Method::DELETE, "/v1/models/known/predictions", "", Vec::new(), (405, "method_not_allowed", "")),
        Bad::bytes(Method::PUT, "/v1/evaluations", "", Vec::new(), (405, "method_not_allowed", "")),
    ]
}
