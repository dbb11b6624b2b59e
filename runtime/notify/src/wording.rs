//! The words for people, shared by all channels that people read.

use serde_json::{Map, Value};

use crate::{AlertKind, AlertNotice, Event, Level, Notice};

/// One line that says what has happened: `[critical] Alert opened: auc of churn is below 0.7`.
pub(crate) fn headline(notice: &Notice) -> String {
    let happened = happened(notice.event);
    match notice.alerts.as_slice() {
        _ if notice.event == Event::Test => "Test notification from Driftline".to_owned(),
        [alert] => one_line(&format!("[{}] Alert {happened}: {}", alert.level.name(), alert.title), 200),
        alerts => {
            let critical = alerts.iter().filter(|alert| alert.level == Level::Critical).count();
            let worst = if critical > 0 { Level::Critical } else { Level::Warning };
            format!("[{}] {} alerts {happened}, {critical} of them critical", worst.name(), alerts.len())
        }
    }
}

/// What a test says besides.
pub(crate) const TEST: &str = "Somebody tries this channel. Nothing has happened.";

fn happened(event: Event) -> &'static str {
    match event {
        Event::Opened => "opened",
        Event::Escalated => "escalated to critical",
        Event::Deescalated => "down to warning",
        Event::Reminded => "still open",
        Event::Acknowledged => "acknowledged",
        Event::Resolved => "resolved",
        Event::Test => "tested",
    }
}

/// What is known of an alert, by name.
pub(crate) fn facts(alert: &AlertNotice) -> Vec<(&'static str, String)> {
    let metric = match (&alert.metric, alert.value) {
        (Some(metric), Some(value)) => Some(format!("{metric} = {value}")),
        (None, Some(value)) => Some(value.to_string()),
        (metric, None) => metric.clone(),
    };
    let cannot_run = (alert.kind == AlertKind::CannotRun).then(|| "the monitor cannot run".to_owned());
    let facts = [
        ("Monitor", Some(alert.monitor.clone())),
        ("Model", Some(alert.model.clone())),
        ("Slice", pairs(&alert.slice)),
        ("Inputs", pairs(&alert.inputs)),
        ("Reason", cannot_run),
        ("Value", metric),
        ("Threshold", alert.threshold.as_ref().map(Value::to_string)),
        ("Window", alert.window.as_ref().map(|window| format!("{} to {}", window.start, window.end))),
        ("Level", Some(alert.level.name().to_owned())),
        ("Status", Some(alert.status.clone())),
        ("Evaluation", alert.evaluation.map(|id| id.to_string())),
        ("Link", alert.url.clone()),
    ];
    facts.into_iter().filter_map(|(name, fact)| Some((name, one_line(&fact?, 300)))).collect()
}

/// `region = eu, tier = 2`; `None` when empty.
fn pairs(map: &Map<String, Value>) -> Option<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<_> = map.iter().map(|(name, value)| format!("{name} = {}", text(value))).collect();
    (!pairs.is_empty()).then(|| pairs.join(", "))
}

/// The text without control characters and line breaks, cut to `max_chars`.
pub(crate) fn one_line(text: &str, max_chars: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    cut(&line, max_chars)
}

/// The text, or its beginning with an ellipsis.
pub(crate) fn cut(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max_chars.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_one_line_of_anything() {
        for (text, max, line) in [
            ("", 9, ""),
            ("a  b\tc", 9, "a b c"),
            ("Subject\r\nBcc: evil@example.com", 99, "Subject Bcc: evil@example.com"),
            ("a\u{2028}b\u{0}c\u{85}d\u{7f}", 9, "a b c d"),
            ("äöüß", 4, "äöüß"),
            ("äöüßx", 4, "äöü…"),
        ] {
            assert_eq!(one_line(text, max), line, "{text:?}");
        }
    }
}
