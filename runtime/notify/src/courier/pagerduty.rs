//! PagerDuty's Events API v2: an event for each alert, merged by the alert's id.

use serde_json::{Value, json};

use super::{
    http::Http,
    webhook::{json, json_headers},
};
use crate::{
    AlertNotice, Event, Failure, Notice, Pagerduty, Receipt,
    wording::{TEST, facts, headline, one_line},
};

const MAX_SUMMARY_CHARS: usize = 1024;

pub(super) async fn deliver(http: &Http, to: &Pagerduty, notice: &Notice, now: i64) -> Result<Receipt, Failure> {
    let mut receipt = Receipt { answer: "nothing to tell".to_owned(), undelivered: Vec::new() };
    let mut failed = None;
    for event in events(to, notice) {
        match http.post(to.url(), json_headers(), json(&event)?, now).await {
            Ok(taken) => receipt = taken,
            // All are sent again then.
            Err(failure) if failure.retry.is_some() => return Err(failure),
            // The others may still be taken.
            Err(failure) => failed = Some(failure),
        }
    }
    failed.map_or(Ok(receipt), Err)
}

fn events(to: &Pagerduty, notice: &Notice) -> Vec<Value> {
    let key = to.routing_key.reveal();
    let close = |action: &str, alert: &AlertNotice| event(key, action, &alert.id.to_string());
    let open = |alert: &AlertNotice| opening(key, notice, alert);
    match notice.event {
        Event::Acknowledged => notice.alerts.iter().map(|alert| close("acknowledge", alert)).collect(),
        Event::Resolved => notice.alerts.iter().map(|alert| close("resolve", alert)).collect(),
        // An incident that is resolved at once, so that a test leaves none behind.
        Event::Test => test(key, notice),
        _ => notice.alerts.iter().map(open).collect(),
    }
}

fn event(key: &str, action: &str, dedup: &str) -> Value {
    json!({"routing_key": key, "event_action": action, "dedup_key": dedup})
}

fn opening(key: &str, notice: &Notice, alert: &AlertNotice) -> Value {
    let details: serde_json::Map<String, Value> =
        facts(alert).into_iter().map(|(name, fact)| (name.to_lowercase(), fact.into())).collect();
    let mut event = event(key, "trigger", &alert.id.to_string());
    event["client"] = "Driftline".into();
    if let Some(url) = &alert.url {
        event["client_url"] = url.as_str().into();
    }
    event["payload"] = json!({
        "summary": one_line(&alert.title, MAX_SUMMARY_CHARS),
        "source": alert.model,
        "component": alert.monitor,
        "class": alert.kind,
        "severity": alert.level.name(),
        "timestamp": notice.sent,
        "custom_details": {"event": notice.event, "detail": alert.detail, "facts": details},
    });
    event
}

fn test(key: &str, notice: &Notice) -> Vec<Value> {
    let dedup = notice.delivery.to_string();
    let mut open = event(key, "trigger", &dedup);
    open["payload"] = json!({
        "summary": headline(notice),
        "source": "driftline",
        "severity": "info",
        "timestamp": notice.sent,
        "custom_details": {"detail": TEST},
    });
    vec![open, event(key, "resolve", &dedup)]
}
