//! The mail for a notice.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use lettre::{
    Message,
    message::{
        SinglePart,
        header::{HeaderName, HeaderValue},
    },
};

use crate::{
    AlertNotice, Email, Failure, FailureKind, Notice,
    wording::{TEST, facts, headline, one_line},
};

/// More are counted.
const MAX_ALERTS: usize = 100;

/// A plain text. `Message-ID` is the delivery, so that servers and readers know a repetition; `References` is the
/// alert, so that readers show its mails together. Whatever the notice says, it adds no header and no recipient.
pub(super) fn message(email: &Email, notice: &Notice, now: i64) -> Result<Message, Failure> {
    let from = email.sender()?;
    let domain = from.email.domain().to_owned();
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or_default());
    let mut builder = Message::builder()
        .from(from)
        .subject(headline(notice))
        .date(date)
        .message_id(Some(format!("<{}@{domain}>", notice.delivery)))
        // Nobody should answer with "I am on holiday" (RFC 3834).
        .raw_header(raw("Auto-Submitted", "auto-generated")?)
        .raw_header(raw("Driftline-Event", notice.event.name())?);
    if let [alert] = notice.alerts.as_slice() {
        builder = builder.references(format!("<alert-{}@{domain}>", alert.id));
    }
    for recipient in email.recipients()? {
        builder = builder.to(recipient);
    }
    let invalid = |error: lettre::error::Error| Failure::lasting(FailureKind::Invalid, format!("no mail: {error}"));
    builder.singlepart(SinglePart::plain(text(notice))).map_err(invalid)
}

fn raw(name: &str, value: &str) -> Result<HeaderValue, Failure> {
    let invalid = |_| Failure::lasting(FailureKind::Invalid, format!("`{name}` is not the name of a header"));
    Ok(HeaderValue::new(HeaderName::new_from_ascii(name.to_owned()).map_err(invalid)?, value.to_owned()))
}

fn text(notice: &Notice) -> String {
    let mut text = headline(notice);
    if notice.event == crate::Event::Test {
        _ = write!(text, "\n\n{TEST}");
    }
    for alert in notice.alerts.iter().take(MAX_ALERTS) {
        _ = write!(text, "\n\n{}", alert_text(alert));
    }
    if notice.alerts.len() > MAX_ALERTS {
        _ = write!(text, "\n\n… and {} more.", notice.alerts.len() - MAX_ALERTS);
    }
    _ = write!(text, "\n\n-- \nDriftline, {}, delivery {}\n", notice.sent, notice.delivery);
    text
}

fn alert_text(alert: &AlertNotice) -> String {
    let mut text = one_line(&alert.title, 300);
    for line in alert.detail.lines() {
        _ = write!(text, "\n{}", one_line(line, 1000));
    }
    for (name, fact) in facts(alert) {
        _ = write!(text, "\n  {:<11} {fact}", format!("{name}:"));
    }
    text
}
