//! The notice as JSON, signed.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::http::Http;
use crate::{Failure, FailureKind, Notice, Receipt, Webhook, signature};

pub(super) async fn deliver(http: &Http, webhook: &Webhook, notice: &Notice, now: i64) -> Result<Receipt, Failure> {
    let body = json(notice)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &webhook.headers {
        headers.insert(header_name(name)?, header_value(value.reveal())?);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("idempotency-key", header_value(&notice.delivery.to_string())?);
    headers.insert("driftline-event", HeaderValue::from_static(notice.event.name()));
    if let Some(secret) = &webhook.secret {
        headers.insert(header_name(signature::HEADER)?, header_value(&signature::sign(secret.reveal(), now, &body))?);
    }
    http.post(&webhook.url, headers, body, now).await
}

/// The headers of JSON.
pub(super) fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

pub(super) fn json(body: &impl serde::Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body).map_err(|error| Failure::lasting(FailureKind::Invalid, format!("no JSON: {error}")))
}

fn header_name(name: &str) -> Result<HeaderName, Failure> {
    let invalid = |_| Failure::lasting(FailureKind::Invalid, format!("`{name}` is not the name of an HTTP header"));
    HeaderName::from_bytes(name.as_bytes()).map_err(invalid)
}

fn header_value(value: &str) -> Result<HeaderValue, Failure> {
    let invalid = |_| Failure::lasting(FailureKind::Invalid, "a header has a value that none can have");
    let mut value = HeaderValue::from_str(value).map_err(invalid)?;
    value.set_sensitive(true);
    Ok(value)
}
