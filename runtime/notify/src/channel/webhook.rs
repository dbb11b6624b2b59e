//! Signed webhooks.

use std::collections::BTreeMap;

use reqwest::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::{Invalid, Secret, url};

/// Headers that say how the message travels, or that we set.
const OURS: [&str; 14] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "driftline-event",
    "driftline-signature",
    "expect",
    "host",
    "idempotency-key",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

const MAX_HEADERS: usize = 20;

/// A receiver of notices as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where notices are posted. All but its query is shown: what else is secret belongs into a header.
    pub url: String,
    /// What they are signed with; unsigned where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// More headers, such as `Authorization`. Their values are never shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
}

impl Webhook {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        url::parse("url", &self.url)?;
        if let Some(secret) = &self.secret {
            secret.check("secret")?;
        }
        if self.headers.len() > MAX_HEADERS {
            return Err(Invalid::new("headers", format!("are more than {MAX_HEADERS}")));
        }
        self.headers.iter().try_for_each(|(name, value)| check_header(name, value))
    }

    pub(super) fn redacted(&self) -> Self {
        Self {
            url: url::without_query(&self.url),
            secret: self.secret.as_ref().map(|_| Secret::hidden()),
            headers: self.headers.keys().map(|name| (name.clone(), Secret::hidden())).collect(),
        }
    }

    pub(super) fn with_secrets_of(mut self, old: Option<&Self>) -> Result<Self, Invalid> {
        if let Some(old) = old
            && self.url == old.redacted().url
        {
            self.url.clone_from(&old.url);
        }
        let same = old.is_some_and(|old| url::same_origin(&self.url, &old.url));
        if let Some(secret) = &mut self.secret {
            secret.keep("secret", old.and_then(|old| old.secret.as_ref()), same)?;
        }
        for (name, value) in &mut self.headers {
            value.keep(&field(name), old.and_then(|old| old.headers.get(name)), same)?;
        }
        Ok(self)
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        let values = self.secret.iter().chain(self.headers.values()).map(|secret| secret.reveal().to_owned());
        values.chain(url::secret_parts(&self.url, false)).collect()
    }
}

fn check_header(name: &str, value: &Secret) -> Result<(), Invalid> {
    let refuse = |message: &str| Err(Invalid::new(field(name), message));
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return refuse("is not the name of an HTTP header");
    }
    if OURS.contains(&name.to_ascii_lowercase().as_str()) {
        return refuse("is set by the server");
    }
    value.check(&field(name))?;
    if HeaderValue::from_str(value.reveal()).is_err() {
        return refuse("has a value that no HTTP header can have: visible ASCII only");
    }
    Ok(())
}

fn field(header: &str) -> String {
    format!("headers.{header}")
}
