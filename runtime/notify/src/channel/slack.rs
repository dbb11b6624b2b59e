//! Slack-compatible incoming webhooks.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Secret, secret::HIDDEN, url};

/// An incoming webhook that takes Slack's messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// The webhook's URL. Who knows it may post, so all but its host is a secret.
    pub url: Secret,
}

impl Slack {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let url = url::parse("url", self.url.reveal())?;
        if url.path().contains(HIDDEN) {
            return Err(Invalid::new("url", "holds `***`, which only stands for a secret: give the whole URL"));
        }
        Ok(())
    }

    pub(super) fn redacted(&self) -> Self {
        Self { url: url::without_path(self.url.reveal()).into() }
    }

    pub(super) fn with_secrets_of(self, old: &Self) -> Self {
        if self == old.redacted() { old.clone() } else { self }
    }
}
