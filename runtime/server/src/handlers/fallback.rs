//! Requests that no route takes.

use axum::{
    extract::Request,
    http::{Method, StatusCode, Uri},
};

use crate::problem::Problem;

/// 404 for a path that does not exist.
pub async fn unknown_path(uri: Uri) -> Problem {
    let detail = format!("there is nothing at {}: GET /openapi.json lists every path", uri.path());
    Problem::not_found("unknown_path", detail)
}

/// 405 for a method that a path does not have.
pub async fn wrong_method(method: Method, request: Request) -> Problem {
    let detail = format!("{method} does not work at {}: the Allow header lists what does", request.uri().path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
