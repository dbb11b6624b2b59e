//! The mail for a notice.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use lettre::{
    Message,
    message::header::{ContentType, HeaderName, HeaderValue},
};

use crate::{
    AlertNotice, Email, Event, Failure, FailureKind, Notice,
    wording::{TEST, facts, headline, one_line},
};

/// More are counted.
const MAX_ALERTS: usize = 100;

/// A plain text. `Message-ID` is the delivery, so that servers and readers know a repetition; `References` is the
/// alert, so that readers show its mails together. Whatever the notice says, it adds no header and no recipient.
pub(super) fn mail(email: &Email, notice: &Notice, now: i64) -> Result<Message, Failure> {
    let from = email.sender()?;
    let domain = from.email.domain().to_owned();
    let mut mail = Message::builder()
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or_default()))
        .from(from)
        .subject(headline(notice))
        .message_id(Some(format!("<{}@{domain}>", notice.delivery)))
        // Nobody should answer with "I am on holiday" (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("Driftline-Event", notice.event.name()))
        .header(ContentType::TEXT_PLAIN);
    for to in email.recipients()? {
        mail = mail.to(to);
    }
    if let [alert] = notice.alerts.as_slice() {
        mail = mail.references(format!("<alert-{}@{domain}>", alert.id));
    }
    mail.body(body(notice)).map_err(|error| Failure::lasting(FailureKind::Invalid, format!("no mail: {error}")))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn body(notice: &Notice) -> String {
    let mut text = headline(notice);
    if notice.event == Event::Test {
        _ = write!(text, "\n\n{TEST}");
    }
    for alert in notice.alerts.iter().take(MAX_ALERTS) {
        _ = write!(text, "\n\n{}", alert_text(alert));
    }
    if notice.alerts.len() > MAX_ALERTS {
        _ = write!(text, "\n\nand {} more.", notice.alerts.len() - MAX_ALERTS);
    }
    let sent = one_line(&notice.sent, 40);
    _ = write!(text, "\n\n-- \nDriftline, {sent}, delivery {}", notice.delivery);
    text
}

fn alert_text(alert: &AlertNotice) -> String {
    let mut text = one_line(&alert.title, 300);
    for line in alert.detail.lines() {
        _ = write!(text, "\n{}", one_line(line, 800));
    }
    for (name, fact) in facts(alert) {
        _ = write!(text, "\n  {:<11} {fact}", format!("{name}:"));
    }
    text
}
