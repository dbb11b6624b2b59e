//! Where notices go.

mod email;
mod pagerduty;
mod slack;
mod webhook;

use serde::{Deserialize, Serialize};

pub use email::{Email, Tls};
pub use pagerduty::Pagerduty;
pub use slack::Slack;
pub use webhook::Webhook;

use crate::{Invalid, url};

/// One way to tell somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Channel {
    /// A signed `POST` of the notice as JSON.
    Webhook(Webhook),
    /// An incoming webhook of Slack, or of what takes the same messages (Mattermost, Rocket.Chat, Discord's `/slack`).
    Slack(Slack),
    /// E-mail over SMTP.
    Email(Email),
    /// PagerDuty's Events API v2, or what takes the same events.
    Pagerduty(Pagerduty),
}

impl Channel {
    /// As in JSON.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Slack(_) => "slack",
            Self::Email(_) => "email",
            Self::Pagerduty(_) => "pagerduty",
        }
    }

    /// Whether it is well-formed. Nothing is resolved or dialled.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Webhook(webhook) => webhook.check(),
            Self::Slack(slack) => slack.check(),
            Self::Email(email) => email.check(),
            Self::Pagerduty(pagerduty) => pagerduty.check(),
        }
    }

    /// What may be shown: `***` in the place of secrets. [`with_secrets_of`](Self::with_secrets_of) takes it back.
    pub fn redacted(&self) -> Self {
        match self {
            Self::Webhook(webhook) => Self::Webhook(webhook.redacted()),
            Self::Slack(slack) => Self::Slack(slack.redacted()),
            Self::Email(email) => Self::Email(email.redacted()),
            Self::Pagerduty(pagerduty) => Self::Pagerduty(pagerduty.redacted()),
        }
    }

    /// The channel to keep when this one is to replace `old`: what is as [`redacted`](Self::redacted) shows it keeps
    /// its secret. [`check`](Self::check) it afterwards.
    ///
    /// # Errors
    /// When a secret is to be kept that there was not, or that would go elsewhere than before: to another origin or
    /// mail server. Otherwise who may change a channel but not see its secrets could have them sent to themselves.
    pub fn with_secrets_of(self, old: &Self) -> Result<Self, Invalid> {
        match (self, old) {
            (Self::Webhook(new), Self::Webhook(old)) => new.with_secrets_of(Some(old)).map(Self::Webhook),
            (Self::Webhook(new), _) => new.with_secrets_of(None).map(Self::Webhook),
            (Self::Slack(new), Self::Slack(old)) => Ok(Self::Slack(new.with_secrets_of(old))),
            (Self::Email(new), Self::Email(old)) => new.with_secrets_of(Some(old)).map(Self::Email),
            (Self::Email(new), _) => new.with_secrets_of(None).map(Self::Email),
            (Self::Pagerduty(new), Self::Pagerduty(old)) => new.with_secrets_of(Some(old)).map(Self::Pagerduty),
            (Self::Pagerduty(new), _) => new.with_secrets_of(None).map(Self::Pagerduty),
            (new, _) => Ok(new),
        }
    }

    /// Everything of it that may not be shown.
    pub(crate) fn secrets(&self) -> Vec<String> {
        match self {
            Self::Webhook(webhook) => webhook.secrets(),
            Self::Slack(slack) => url::secret_parts(slack.url.reveal(), true),
            Self::Email(email) => email.password.iter().map(|password| password.reveal().to_owned()).collect(),
            Self::Pagerduty(pagerduty) => vec![pagerduty.routing_key.reveal().to_owned()],
        }
    }
}

#[cfg(test)]
mod tests;
