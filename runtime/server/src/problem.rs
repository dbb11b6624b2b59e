//! Every error as RFC 9457 `application/problem+json`: the one place that knows statuses and codes.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use driftline_eval as eval;
use driftline_sandbox as sandbox;
use driftline_storage as storage;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ingest;

/// An answer that is an error: what went wrong, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code.
    pub code: Cow<'static, str>,
    /// A sentence that says what to do next.
    pub detail: String,
    /// The offending field of the request.
    pub field: Option<String>,
    /// When it is worth trying again.
    pub retry_after_s: Option<u64>,
}

/// RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A URN that ends in the code.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: Cow<'static, str>,
    /// What is wrong and what to do next.
    pub detail: String,
    /// The offending field of the request, such as `inputs.score` or `rows[3].metrics.age`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// A problem with a status and a stable code.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), field: None, retry_after_s: None }
    }

    /// 400: the request can't be read.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 404: what the request names does not exist.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 422: the request can be read but makes no sense.
    pub fn invalid(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 413: the body is larger than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body is larger than {limit} bytes (decoded): send it in smaller parts");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    /// 429 or 503: try again.
    pub fn busy(status: StatusCode, code: &'static str, detail: impl Into<String>, retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(status, code, detail) }
    }

    /// 500: our fault. The cause is logged here and never sent.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let detail = "the server failed; its log says why, under this answer's x-request-id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail)
    }

    /// The same problem at a field of the request.
    #[must_use]
    pub fn at(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// There is no model of this name.
    pub fn model_not_found(name: &driftline_core::Name) -> Self {
        let detail = format!(
            "there is no model `{name}`: POST its first predictions to /v1/models/{name}/predictions, or PUT /v1/models/{name}"
        );
        Self::not_found("model_not_found", detail).at("model")
    }

    /// Whether the request itself is at fault, so that nothing of it was kept.
    pub fn is_refusal(&self) -> bool {
        self.status.is_client_error() && self.status != StatusCode::TOO_MANY_REQUESTS
    }

    /// The body as it is sent.
    pub fn body(&self) -> ProblemBody {
        let mut title = self.code.replace('_', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        ProblemBody {
            problem_type: format!("urn:driftline:problem:{}", self.code),
            title,
            status: self.status.as_u16(),
            code: self.code.clone(),
            detail: self.detail.clone(),
            field: self.field.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if matches!(self.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            // The rest of the body was not read, so nothing more can come over this connection.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<ingest::Refusal> for Problem {
    fn from(refusal: ingest::Refusal) -> Self {
        let status =
            if refusal.fault.is_malformed() { StatusCode::BAD_REQUEST } else { StatusCode::UNPROCESSABLE_ENTITY };
        Self { field: refusal.field, ..Self::new(status, refusal.fault.code(), refusal.detail) }
    }
}

impl From<ingest::Failure> for Problem {
    fn from(failure: ingest::Failure) -> Self {
        match failure {
            ingest::Failure::Refused(refusal) => refusal.into(),
            ingest::Failure::Disk(error) => storage::Error::failed("reading a request's body from disk", error).into(),
        }
    }
}

impl From<driftline_core::SchemaError> for Problem {
    fn from(error: driftline_core::SchemaError) -> Self {
        use driftline_core::SchemaError::{InvalidName, Reserved, Rounded, TooManyColumns, TypeChange};
        let (code, column) = match &error {
            TypeChange { column, .. } | Rounded { column } => ("type_mismatch", Some(column.clone())),
            Reserved { column } | InvalidName { column } => ("invalid_column", Some(column.clone())),
            TooManyColumns { .. } => ("invalid_column", None),
        };
        Self { field: column, ..Self::invalid(code, error.to_string()) }
    }
}

impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        use storage::Error;
        let detail = error.to_string();
        match error {
            Error::NotFound { what } => {
                Self::not_found("not_found", format!("there is no {what}: check the name, or list what there is"))
            }
            Error::Schema(error) => error.into(),
            Error::Rows(_) => Self::invalid("invalid_rows", detail),
            Error::KeyReused { .. } => Self::invalid("idempotency_key_reused", detail).at("idempotency-key"),
            Error::VersionTaken { .. } => Self::new(StatusCode::CONFLICT, "version_taken", detail).at("version"),
            Error::Conflict { code, .. } => Self::new(StatusCode::CONFLICT, code, detail),
            Error::Busy => Self::busy(StatusCode::TOO_MANY_REQUESTS, "ingest_busy", detail, 1),
            Error::Full => Self::busy(StatusCode::INSUFFICIENT_STORAGE, "disk_full", detail, 60),
            Error::ReadOnly => Self::busy(StatusCode::SERVICE_UNAVAILABLE, "disk_read_only", detail, 60),
            Error::Disk { .. } => {
                tracing::error!(cause = %detail, "the disk failed");
                let detail = "the disk failed, and the server's log says how: send the request again with its idempotency key and ids, which makes that safe";
                Self::busy(StatusCode::SERVICE_UNAVAILABLE, "disk_failed", detail, 60)
            }
            Error::Closed => {
                let detail = "the server is shutting down: try again when it is back";
                Self::busy(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", detail, 5)
            }
            Error::InUse { .. }
            | Error::TooNew { .. }
            | Error::Outdated
            | Error::Backup(_)
            | Error::WrongStore { .. }
            | Error::Corrupt { .. }
            | Error::Failed { .. } => Self::internal(detail),
        }
    }
}

impl From<sandbox::Refusal> for Problem {
    fn from(refusal: sandbox::Refusal) -> Self {
        let status = match refusal.code {
            sandbox::RefusalCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, refusal.code.as_str(), refusal.message)
    }
}

impl From<sandbox::Error> for Problem {
    fn from(error: sandbox::Error) -> Self {
        match error {
            sandbox::Error::Refused(refusal) => refusal.into(),
            sandbox::Error::Busy { retry_after_ms } => Self::busy(
                StatusCode::TOO_MANY_REQUESTS,
                "compiler_busy",
                "other plugins are being compiled: try again in a moment",
                retry_after_ms.div_ceil(1000).max(1),
            ),
            stopped @ sandbox::Error::Stopped => {
                Self::busy(StatusCode::SERVICE_UNAVAILABLE, "server_stopping", stopped.to_string(), 5)
            }
            other => Self::internal(other),
        }
    }
}

impl From<eval::Error> for Problem {
    fn from(error: eval::Error) -> Self {
        match error {
            eval::Error::NotFound { code, field, message } => Self::not_found(code, message).at(field),
            eval::Error::Invalid { code, field, message } => Self::invalid(code, message).at(field),
            eval::Error::Cancelled => {
                Self::new(StatusCode::CONFLICT, "evaluation_cancelled", "the evaluation was cancelled: ask again")
            }
            eval::Error::Storage(error) => error.into(),
            eval::Error::Sandbox(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use driftline_core::{ColumnType, SchemaError};

    use super::*;

    #[test]
    fn every_error_has_its_status_code_and_field() {
        let refusal = ingest::Refusal::at(ingest::Fault::TypeMismatch, "rows[3].metrics.age", "expected integer");
        let name = "churn".parse().expect("a name");
        let key_reused = storage::Error::KeyReused { key: "k".into() };
        let taken = storage::Error::VersionTaken { name: "roc".into(), version: "1.0.0".into() };
        let conflict = storage::Error::Conflict { code: "plugin_retired", reason: "r".into() };
        let change =
            SchemaError::TypeChange { column: "age".into(), held: ColumnType::Integer, given: ColumnType::Text };
        let unknown =
            eval::Error::Invalid { code: "unknown_column", field: "inputs.score".into(), message: "m".into() };
        let plugin = eval::Error::NotFound { code: "plugin_not_found", field: "plugin".into(), message: "m".into() };
        let wasm = sandbox::Refusal { code: sandbox::RefusalCode::NotWasm, message: "m".into() };
        let disk = storage::Error::Disk { doing: "writing".into(), source: Arc::new(std::io::Error::other("EIO")) };
        let damaged = storage::Error::Corrupt { place: "p".into(), reason: "r".into() };
        let table: Vec<(Problem, u16, &str, Option<&str>)> = vec![
            (refusal.into(), 422, "type_mismatch", Some("rows[3].metrics.age")),
            (ingest::Refusal::whole(ingest::Fault::InvalidArrow, "d").into(), 400, "invalid_arrow", None),
            (Problem::model_not_found(&name), 404, "model_not_found", Some("model")),
            (Problem::too_large(5), 413, "body_too_large", None),
            (key_reused.into(), 422, "idempotency_key_reused", Some("idempotency-key")),
            (taken.into(), 409, "version_taken", Some("version")),
            (conflict.into(), 409, "plugin_retired", None),
            (storage::Error::Schema(change).into(), 422, "type_mismatch", Some("age")),
            (storage::Error::Busy.into(), 429, "ingest_busy", None),
            (storage::Error::Full.into(), 507, "disk_full", None),
            (storage::Error::ReadOnly.into(), 503, "disk_read_only", None),
            (disk.into(), 503, "disk_failed", None),
            (storage::Error::Closed.into(), 503, "shutting_down", None),
            (damaged.into(), 500, "internal_error", None),
            (unknown.into(), 422, "unknown_column", Some("inputs.score")),
            (plugin.into(), 404, "plugin_not_found", Some("plugin")),
            (eval::Error::Cancelled.into(), 409, "evaluation_cancelled", None),
            (wasm.into(), 422, "not_wasm", None),
            (sandbox::Error::Busy { retry_after_ms: 1500 }.into(), 429, "compiler_busy", None),
            (sandbox::Error::Stopped.into(), 503, "server_stopping", None),
        ];
        for (problem, status, code, field) in table {
            assert_eq!(problem.status.as_u16(), status, "{code}");
            assert_eq!((&*problem.code, problem.field.as_deref()), (code, field));
            let body = serde_json::to_value(problem.body()).expect("serialises");
            assert_eq!(body["type"], format!("urn:driftline:problem:{code}"));
            assert_eq!(problem.is_refusal(), status < 500 && status != 429, "{code}");
            assert!(problem.retry_after_s.is_some() || !matches!(status, 429 | 503), "{code}");
        }
    }
}
