//! PagerDuty's Events API v2.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Secret, url};

/// A service of PagerDuty, or of what takes the same events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Pagerduty {
    /// The integration key of the service.
    pub routing_key: Secret,
    /// Where events go; PagerDuty's own address where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Pagerduty {
    /// Where events go.
    pub fn url(&self) -> &str {
        self.url.as_deref().unwrap_or("https://events.pagerduty.com/v2/enqueue")
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        url::parse("url", self.url())?;
        self.routing_key.check("routing_key")?;
        let key = self.routing_key.reveal();
        if key.len() > 128 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Err(Invalid::new("routing_key", "must be the integration key, letters and digits only"));
        }
        Ok(())
    }

    pub(super) fn redacted(&self) -> Self {
        Self { routing_key: Secret::hidden(), url: self.url.as_deref().map(url::without_query) }
    }

    pub(super) fn with_secrets_of(mut self, old: Option<&Self>) -> Result<Self, Invalid> {
        if let Some(old) = old
            && self.url == old.redacted().url
        {
            self.url.clone_from(&old.url);
        }
        let same = old.is_some_and(|old| url::same_origin(self.url(), old.url()));
        self.routing_key.keep("routing_key", old.map(|old| &old.routing_key), same)?;
        Ok(self)
    }
}
