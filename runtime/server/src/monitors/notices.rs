//! What is told, and where: alerts of a run that changed in the same way go into one notice.

use driftline_core::{Span, Time};
use driftline_notify::{AlertKind, AlertNotice, Event, Level, Notice, NoticeWindow};
use driftline_storage::{AlertChange, AlertKind as StoredKind, AlertStatus, DeliveryRecord, Docket, NewDelivery};
use uuid::Uuid;

use super::findings::AlertDetail;
use crate::wire::{AlertRules, Grouping, ItemName};

/// An alert that is told of.
pub struct Telling {
    /// Which of the changes.
    pub change: usize,
    /// What is told of it.
    pub event: Event,
    /// What is known of it.
    pub detail: AlertDetail,
}

/// For how long, in microseconds, a notice about a model waits for what else its monitors find: as long as those that are
/// due at the same time are spread unless told.
const WAIT_MICROS: i64 = 300_000_000;
/// The most alerts of a notice that others join.
const JOINED: usize = 200;

/// Puts what is told to the changes: one delivery for each channel and notice, at the first alert of the notice.
pub fn tell(
    changes: &mut [AlertChange],
    tellings: Vec<Telling>,
    rules: &AlertRules,
    (monitor, model): (&str, &str),
    docket: &Docket,
) {
    let now = docket.now;
    let mut groups: Vec<Vec<Telling>> = Vec::new();
    for telling in tellings {
        let same = |group: &&mut Vec<Telling>| group.first().is_some_and(|first| first.event == telling.event);
        match groups.iter_mut().find(same).filter(|_| rules.group != Grouping::None) {
            Some(group) => group.push(telling),
            None => groups.push(vec![telling]),
        }
    }
    for group in groups {
        let Some((first, event)) = group.first().map(|telling| (telling.change, telling.event)) else { continue };
        let notices = |telling: &Telling| Some(notice(changes.get(telling.change)?, &telling.detail, (monitor, model)));
        let alerts: Vec<AlertNotice> = group.iter().filter_map(notices).collect();
        let deliveries = rules.channels.iter().map(|channel| {
            let notice = Notice { delivery: Uuid::now_v7(), event, sent: now.to_string(), alerts: alerts.clone() };
            match rules.group {
                Grouping::Model => joined(&docket.waiting, channel, notice, now),
                Grouping::Monitor | Grouping::None => delivery(channel, &notice, now),
            }
        });
        let deliveries: Vec<NewDelivery> = deliveries.collect();
        if let Some(change) = changes.get_mut(first) {
            change.deliveries.extend(deliveries);
        }
    }
}

/// The notice as part of one that waits to be sent, or as one that waits.
fn joined(waiting: &[DeliveryRecord], channel: &ItemName, notice: Notice, now: Time) -> NewDelivery {
    let same = waiting.iter().filter(|delivery| delivery.channel == channel.0).find_map(|delivery| {
        let found: Notice = serde_json::from_str(&delivery.notice).ok()?;
        (found.event == notice.event && found.alerts.len() < JOINED).then_some((found, delivery.next_attempt))
    });
    let Some((mut first, due)) = same else {
        let wait = Span::from_micros(WAIT_MICROS);
        return delivery(channel, &notice, wait.map_or(now, |wait| now.after(wait)));
    };
    first.alerts.retain(|alert| notice.alerts.iter().all(|other| other.id != alert.id));
    first.alerts.extend(notice.alerts);
    delivery(channel, &first, due)
}

fn delivery(channel: &ItemName, notice: &Notice, not_before: Time) -> NewDelivery {
    let text = serde_json::to_string(notice).unwrap_or_default();
    NewDelivery { id: notice.delivery, channel: channel.0.clone(), notice: text, not_before }
}

fn notice(change: &AlertChange, detail: &AlertDetail, (monitor, model): (&str, &str)) -> AlertNotice {
    let alert = &change.alert;
    let object = |text: &str| serde_json::from_str(text).unwrap_or_default();
    let window =
        detail.window.map(|window| NoticeWindow { start: window.start.0.to_string(), end: window.end.0.to_string() });
    AlertNotice {
        id: alert.id,
        monitor: monitor.to_owned(),
        model: model.to_owned(),
        slice: object(&alert.slice),
        inputs: object(&alert.inputs),
        kind: match alert.kind {
            StoredKind::Threshold => AlertKind::Threshold,
            StoredKind::CannotRun => AlertKind::CannotRun,
        },
        level: if alert.level == "critical" { Level::Critical } else { Level::Warning },
        status: match alert.status {
            AlertStatus::Pending => "pending",
            AlertStatus::Open => "open",
            AlertStatus::Acknowledged => "acknowledged",
            AlertStatus::Resolved => "resolved",
        }
        .into(),
        title: detail.title.clone(),
        detail: detail.detail.clone(),
        value: detail.value,
        metric: detail.metric.clone(),
        threshold: detail.verdict.as_ref().and_then(|verdict| serde_json::to_value(verdict).ok()),
        window,
        evaluation: detail.evaluation.map(|id| id.0),
        url: None,
    }
}
