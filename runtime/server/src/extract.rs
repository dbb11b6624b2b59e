//! What handlers take from a request; every refusal is a problem that names the field.

use axum::{
    extract::{FromRequestParts, RawPathParams, Request, path::ErrorKind, rejection::PathRejection},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{app::App, problem::Problem};

/// The named parts of a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                let problem = path_problem(&rejection);
                let sent = RawPathParams::from_request_parts(parts, state).await.ok();
                let named = sent.iter().flatten().find(|(_, value)| problem.detail.contains(&format!("`{value}`")));
                Err(match named {
                    Some((name, _)) => problem.at(name),
                    None => problem,
                })
            }
        }
    }
}

fn path_problem(rejection: &PathRejection) -> Problem {
    if let PathRejection::FailedToDeserializePathParams(error) = rejection {
        match error.kind() {
            ErrorKind::DeserializeError { key, message, .. } => {
                return Problem::bad_request("invalid_path", message.clone()).at(key.clone());
            }
            ErrorKind::Message(message) => return Problem::bad_request("invalid_path", message.clone()),
            _ => {}
        }
    }
    Problem::bad_request("invalid_path", rejection.body_text())
}

/// The query string; unknown parameters are refused.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(deserializer).map(Self).map_err(|error| {
            let path = error.path().to_string();
            let message = error.into_inner().to_string();
            shaped("invalid_query", &path, &message, Problem::bad_request)
        })
    }
}

/// A problem from serde's words: unknown, missing and repeated fields have codes of their own.
fn shaped(code: &'static str, path: &str, message: &str, problem: impl Fn(&'static str, String) -> Problem) -> Problem {
    let special = [
        ("unknown field", "unknown_field"),
        ("missing field", "missing_field"),
        ("duplicate field", "duplicate_field"),
    ];
    let special = special.iter().find(|(words, _)| message.starts_with(words));
    let (code, field) = match (special, message.split('`').nth(1)) {
        (Some((_, code)), Some(named)) => (*code, member(path, named)),
        _ => (code, path.to_owned()),
    };
    if field == "." {
        return problem(code, message.to_owned());
    }
    problem(code, format!("`{field}`: {message}")).at(field)
}

/// The path of the member `named`, whether or not `path` ends in it already.
fn member(path: &str, named: &str) -> String {
    match path.strip_suffix(named) {
        Some(parent) if parent.is_empty() || parent.ends_with('.') => path.to_owned(),
        _ if path == "." => named.to_owned(),
        _ => format!("{path}.{named}"),
    }
}

/// Reads a JSON body into `T`, strictly: unknown fields are refused.
///
/// # Errors
/// 415 for another content type, 413 beyond the limit, 400 for what is not JSON, 422 for what is not a `T`.
pub async fn json<T: DeserializeOwned>(app: &App, request: Request) -> Result<T, Problem> {
    let content_type = content_type(request.headers());
    if !content_type.eq_ignore_ascii_case("application/json") {
        return Err(unsupported(content_type, "application/json"));
    }
    let body = app.reception.hold(request, app.limits.document_bytes).await?;
    let mut deserializer = serde_json::Deserializer::from_slice(&body.bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| json_problem(&error))?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Reads a JSON value that came with others into `T`, as strictly.
///
/// # Errors
/// 422 for what is not a `T`.
pub fn value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| json_problem(&error))
}

fn json_problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    if !error.inner().is_data() {
        return malformed(error.inner());
    }
    let message = error.inner().to_string();
    // The field says where; serde_json's line and column say it less well.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    shaped("invalid_field", &error.path().to_string(), message, Problem::invalid)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request("invalid_json", format!("the body is not valid JSON: {error}"))
}

/// The media type of a request without its parameters; empty when it has none.
pub fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// 415: the content type is none of `supported`.
pub fn unsupported(content_type: &str, supported: &str) -> Problem {
    let came = if content_type.is_empty() { "no content type came" } else { content_type };
    let detail = format!("{came}: set the Content-Type header to one of: {supported}");
    Problem::new(axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail).at("content-type")
}

/// How many items a page may have: `asked` or 100, 1 to `most`.
///
/// # Errors
/// 422 outside the range.
pub fn limit(asked: Option<usize>, most: usize) -> Result<usize, Problem> {
    match asked.unwrap_or(100) {
        limit if (1..=most).contains(&limit) => Ok(limit),
        limit => {
            let detail = format!("`limit` is {limit}, but a page has 1 to {most} items: choose a number in between");
            Err(Problem::invalid("invalid_limit", detail).at("limit"))
        }
    }
}

/// A cursor from an earlier page, parsed.
///
/// # Errors
/// 422 when it is none.
pub fn cursor<T: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<T>, Problem> {
    let parse = |text: &str| {
        let detail = "this is no cursor of this list: pass the `next_cursor` of its page before, unchanged";
        text.parse().map_err(|_| Problem::invalid("invalid_cursor", detail).at("cursor"))
    };
    cursor.map(parse).transpose()
}
