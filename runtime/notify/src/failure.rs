//! What became of a call.

use std::time::Duration;

use crate::{Invalid, Refused, secret::HIDDEN, wording::one_line};

/// Receivers may answer at length.
const MAX_SHOWN_CHARS: usize = 500;

/// The receiver has taken the notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What it said, on one line: `200`, `250 2.0.0 queued as 7A`.
    pub answer: String,
    /// E-mail recipients whom the server refused while it took the mail for others, each with what it said. They are
    /// not tried again: that would tell the others twice.
    pub undelivered: Vec<String>,
}

/// The receiver has not taken the notice, or has not said so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Which kind of failure.
    pub kind: FailureKind,
    /// Whether it makes sense to try again; `None` when the same call can only fail again.
    pub retry: Option<Retry>,
    /// What went wrong, on one line, for people; holds no secrets of the channel.
    pub message: String,
}

/// That it makes sense to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The receiver asked not to be called earlier (`Retry-After`); at most 6 hours.
    pub after: Option<Duration>,
}

/// Which kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The channel can't be used as it is.
    Invalid,
    /// The guard lets nobody call that address.
    Refused,
    /// The name is unknown, nobody listens there, or the connection broke.
    Unreachable,
    /// No encrypted connection, or not to who it should be.
    Tls,
    /// No answer in time.
    Timeout,
    /// The HTTP status of the answer, which is none of 200 to 299.
    Status(u16),
    /// The SMTP reply, which is none of 200 to 399.
    Rejected(u16),
}

impl FailureKind {
    /// A word for it, in snake case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Status(_) => "status",
            Self::Rejected(_) => "rejected",
        }
    }
}

impl Failure {
    /// It can only fail again.
    pub(crate) fn lasting(kind: FailureKind, message: impl AsRef<str>) -> Self {
        Self { kind, retry: None, message: message.as_ref().to_owned() }
    }

    /// It may go well the next time.
    pub(crate) fn passing(kind: FailureKind, message: impl AsRef<str>) -> Self {
        Self { retry: Some(Retry { after: None }), ..Self::lasting(kind, message) }
    }

    /// Ready to be shown: without `secrets`, which a receiver may have repeated, and on one line.
    pub(crate) fn without(self, secrets: &[&str]) -> Self {
        Self { message: shown(&self.message, secrets), ..self }
    }
}

impl Receipt {
    /// Ready to be shown: without `secrets`, which a receiver may have repeated, and on one line each.
    pub(crate) fn without(self, secrets: &[&str]) -> Self {
        let undelivered = self.undelivered.iter().map(|text| shown(text, secrets)).collect();
        Self { answer: shown(&self.answer, secrets), undelivered }
    }
}

fn shown(text: &str, secrets: &[&str]) -> String {
    let hide = |text: String, secret: &&str| if secret.is_empty() { text } else { text.replace(*secret, HIDDEN) };
    // One secret may be part of another. Cut last, so that no half of one is left.
    let mut secrets = secrets.to_vec();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    one_line(&secrets.iter().fold(text.to_owned(), hide), MAX_SHOWN_CHARS)
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::lasting(FailureKind::Invalid, invalid.to_string())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::lasting(FailureKind::Refused, refused.to_string())
    }
}
