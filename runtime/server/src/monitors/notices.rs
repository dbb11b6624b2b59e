//! What is told, and where: alerts of a run that changed in the same way go into one notice.

use driftline_core::Time;
use driftline_notify::{AlertKind, AlertNotice, Event, Level, Notice, NoticeWindow};
use driftline_storage::{AlertChange, AlertKind as StoredKind, AlertStatus, NewDelivery};
use uuid::Uuid;

use super::findings::AlertDetail;
use crate::wire::{AlertRules, Grouping};

/// An alert that is told of.
pub struct Telling {
    /// Which of the changes.
    pub change: usize,
    /// What is told of it.
    pub event: Event,
    /// What is known of it.
    pub detail: AlertDetail,
}

/// Puts what is told to the changes: one delivery for each channel and notice, at the first alert of the notice.
pub fn tell(
    changes: &mut [AlertChange],
    tellings: Vec<Telling>,
    rules: &AlertRules,
    (monitor, model): (&str, &str),
    now: Time,
) {
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
            let id = Uuid::now_v7();
            let notice = Notice { delivery: id, event, sent: now.to_string(), alerts: alerts.clone() };
            let notice = serde_json::to_string(&notice).unwrap_or_default();
            NewDelivery { id, channel: channel.0.clone(), notice, not_before: now }
        });
        let deliveries: Vec<NewDelivery> = deliveries.collect();
        if let Some(change) = changes.get_mut(first) {
            change.deliveries.extend(deliveries);
        }
    }
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
