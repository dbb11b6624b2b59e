//! E-mail over SMTP.

use std::net::IpAddr;

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

use crate::{Invalid, Secret, mailbox};

/// More belong on a mailing list.
const MAX_RECIPIENTS: usize = 50;

/// A mail server and for whom mails are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The mail server, by name or address.
    pub server: String,
    /// Its port; 25, 587 or 465 where absent, after `tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// Whom to log in as; no login where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password of `username`. With `"tls": "none"` it crosses the network readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Whom mails are from: `alerts@example.com` or `Driftline <alerts@example.com>`.
    pub from: String,
    /// Whom they are for, each as in `from`.
    pub to: Vec<String>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Not at all.
    None,
    /// After `STARTTLS`; a server that does not offer it is not used.
    #[default]
    Starttls,
    /// From its first byte (RFC 8314).
    Tls,
}

impl Email {
    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::None => 25,
            Tls::Starttls => 587,
            Tls::Tls => 465,
        })
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        check_host(&self.server)?;
        if self.port == Some(0) {
            return Err(Invalid::new("port", "must not be 0"));
        }
        match (&self.username, &self.password) {
            (None, None) => {}
            (Some(user), Some(password)) => {
                check_text("username", user)?;
                password.check("password")?;
                check_text("password", password.reveal())?;
            }
            (Some(_), None) => return Err(Invalid::new("password", "is missing beside `username`")),
            (None, Some(_)) => return Err(Invalid::new("username", "is missing beside `password`")),
        }
        self.sender()?;
        self.recipients().map(drop)
    }

    /// Whom mails are from.
    pub(crate) fn sender(&self) -> Result<Mailbox, Invalid> {
        mailbox::parse("from", &self.from)
    }

    /// Whom they are for.
    pub(crate) fn recipients(&self) -> Result<Vec<Mailbox>, Invalid> {
        match self.to.len() {
            0 => Err(Invalid::new("to", "is empty: name at least one recipient")),
            1..=MAX_RECIPIENTS => {
                self.to.iter().enumerate().map(|(i, to)| mailbox::parse(&format!("to[{i}]"), to)).collect()
            }
            _ => Err(Invalid::new("to", format!("has more than {MAX_RECIPIENTS} recipients: use a mailing list"))),
        }
    }

    pub(super) fn redacted(&self) -> Self {
        Self { password: self.password.as_ref().map(|_| Secret::hidden()), ..self.clone() }
    }

    pub(super) fn with_secrets_of(mut self, old: Option<&Self>) -> Result<Self, Invalid> {
        let destination = |email: &Self| (email.server.to_ascii_lowercase(), email.port(), email.tls);
        let same = old.is_some_and(|old| destination(&self) == destination(old));
        if let Some(password) = &mut self.password {
            password.keep("password", old.and_then(|old| old.password.as_ref()), same)?;
        }
        Ok(self)
    }
}

fn check_host(host: &str) -> Result<(), Invalid> {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if host.parse::<IpAddr>().is_ok() || (host.len() <= 253 && host.split('.').all(is_label)) {
        return Ok(());
    }
    Err(Invalid::new("server", "must be a host name or an IP address; the port goes into `port`"))
}

fn check_text(field: &str, text: &str) -> Result<(), Invalid> {
    match text {
        "" => Err(Invalid::new(field, "is empty")),
        text if text.chars().any(char::is_control) => Err(Invalid::new(field, "holds a control character")),
        _ => Ok(()),
    }
}
