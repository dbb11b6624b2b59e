//! Slack's messages: blocks, and a text for who can't show them.

use serde_json::{Value, json};

use super::{
    http::Http,
    webhook::{json, json_headers},
};
use crate::{
    AlertNotice, Event, Failure, Notice, Receipt, Slack,
    wording::{TEST, cut, facts, headline, one_line},
};

/// Slack takes 50 blocks; more than this many alerts nobody reads in a chat.
const MAX_ALERTS: usize = 20;
const MAX_HEADER_CHARS: usize = 150;
const MAX_SECTION_CHARS: usize = 3000;

pub(super) async fn deliver(http: &Http, slack: &Slack, notice: &Notice, now: i64) -> Result<Receipt, Failure> {
    http.post(slack.url.reveal(), json_headers(), json(&message(notice))?, now).await
}

fn message(notice: &Notice) -> Value {
    let headline = headline(notice);
    let header = json!({"type": "plain_text", "text": escaped(&headline, MAX_HEADER_CHARS), "emoji": false});
    let mut blocks = vec![json!({"type": "header", "text": header})];
    blocks.extend(notice.alerts.iter().take(MAX_ALERTS).map(|alert| section(&alert_text(alert))));
    if notice.event == Event::Test {
        blocks.push(section(TEST));
    }
    if notice.alerts.len() > MAX_ALERTS {
        blocks.push(section(&format!("… and {} more.", notice.alerts.len() - MAX_ALERTS)));
    }
    json!({"text": escaped(&headline, MAX_SECTION_CHARS), "blocks": blocks})
}

fn section(markdown: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": markdown}})
}

/// At most 3000 characters: title 300, detail 1000, facts the rest.
fn alert_text(alert: &AlertNotice) -> String {
    let mut text = format!("*{}*", escaped(&one_line(&alert.title, 300), 400));
    if !alert.detail.is_empty() {
        text.push_str(&format!("\n{}", escaped(&alert.detail, 1000)));
    }
    for (name, fact) in facts(alert) {
        let line = format!("\n{name}: {}", escaped(&fact, 300));
        if text.chars().count() + line.chars().count() <= MAX_SECTION_CHARS {
            text.push_str(&line);
        }
    }
    text
}

/// `&`, `<` and `>` as Slack wants them, so that nothing becomes a link or a mention; cut between characters.
fn escaped(text: &str, max_chars: usize) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c => c.to_string(),
    };
    let pieces: Vec<String> = text.chars().map(escape).collect();
    let whole = pieces.concat();
    if whole.chars().count() <= max_chars {
        return whole;
    }
    let mut left = max_chars.saturating_sub(1);
    let fits = |piece: &&String| {
        let length = piece.chars().count();
        let fits = length <= left;
        left = left.saturating_sub(length);
        fits
    };
    cut(&(pieces.iter().take_while(fits).map(String::as_str).collect::<String>() + "…"), max_chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_becomes_markup() {
        for (text, max, expected) in [
            ("a < b && b > c", 99, "a &lt; b &amp;&amp; b &gt; c"),
            ("<!channel> <https://evil.example|click>", 99, "&lt;!channel&gt; &lt;https://evil.example|click&gt;"),
            ("&amp;", 99, "&amp;amp;"),
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abcde…"),
            ("ab&&&&", 8, "ab&amp;…"),
            ("äöü&", 6, "äöü…"),
        ] {
            assert_eq!(escaped(text, max), expected, "{text}");
        }
    }
}
