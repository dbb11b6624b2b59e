//! The mail for a notice.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    AlertNotice, Email, Event, Failure, Notice,
    mailbox::words,
    wording::{TEST, facts, headline, one_line},
};

/// More are counted.
const MAX_ALERTS: usize = 100;

/// RFC 5321 allows 1000 bytes, with the line's end.
const MAX_LINE_BYTES: usize = 900;

/// A mail and its envelope.
pub(super) struct Mail {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    /// Header and body (RFC 5322), ASCII; lines end in CR LF.
    pub(super) text: String,
}

/// A plain text. `Message-ID` is the delivery, so that servers and readers know a repetition; `References` is the
/// alert, so that readers show its mails together. Whatever the notice says, it adds no header and no recipient.
pub(super) fn mail(email: &Email, notice: &Notice, now: i64) -> Result<Mail, Failure> {
    let (from, to) = (email.sender()?, email.recipients()?);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or_default());
    let (encoding, body) = encode(&body(notice));
    let mut headers = vec![
        // The same form, but for how the zone is written.
        ("Date", httpdate::fmt_http_date(date).replace("GMT", "+0000")),
        ("From", from.header()),
        ("To", to.iter().map(|mailbox| mailbox.header()).collect::<Vec<_>>().join(",\r\n ")),
        ("Subject", words(&headline(notice))),
        ("Message-ID", format!("<{}@{}>", notice.delivery, from.domain())),
        // Nobody should answer with "I am on holiday" (RFC 3834).
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("Driftline-Event", notice.event.name().to_owned()),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", encoding.to_owned()),
    ];
    if let [alert] = notice.alerts.as_slice() {
        headers.push(("References", format!("<alert-{}@{}>", alert.id, from.domain())));
    }
    let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let to = to.into_iter().map(|mailbox| mailbox.address).collect();
    Ok(Mail { from: from.address, to, text: format!("{head}\r\n{body}") })
}

/// How the text travels, and as what: as it is when every server takes it so, otherwise in base64.
fn encode(text: &str) -> (&'static str, String) {
    let is_plain = |line: &str| line.len() <= MAX_LINE_BYTES && line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let mut body = String::new();
    if text.lines().all(is_plain) {
        text.lines().for_each(|line| _ = write!(body, "{line}\r\n"));
        return ("7bit", body);
    }
    let base64 = BASE64_STANDARD.encode(text.replace('\n', "\r\n"));
    for line in base64.as_bytes().chunks(76) {
        _ = write!(body, "{}\r\n", String::from_utf8_lossy(line));
    }
    ("base64", body)
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
    _ = write!(text, "\n\n-- \nDriftline, {sent}, delivery {}\n", notice.delivery);
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
