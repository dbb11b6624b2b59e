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

/// The notice as part of one that waits to be sent, or as one that waits. It joins none that would be sent before
/// something else that waits and tells of the same alerts: what happened last is told last.
fn joined(waiting: &[DeliveryRecord], channel: &ItemName, notice: Notice, now: Time) -> NewDelivery {
    let of_channel = waiting.iter().filter(|delivery| delivery.channel == channel.0);
    let parsed = of_channel.filter_map(|delivery| Some((serde_json::from_str(&delivery.notice).ok()?, delivery)));
    let parsed: Vec<(Notice, &DeliveryRecord)> = parsed.collect();
    let tells = |other: &Notice| other.alerts.iter().any(|alert| notice.alerts.iter().any(|new| new.id == alert.id));
    let from = parsed.iter().rposition(|(other, _)| tells(other)).unwrap_or_default();
    let fits = |(other, _): &(Notice, _)| other.event == notice.event && other.alerts.len() < JOINED;
    let same = parsed.into_iter().skip(from).find(fits).map(|(first, delivery)| (first, delivery.next_attempt));
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
    let alerts = notice.alerts.iter().map(|alert| alert.id).collect();
    NewDelivery { id: notice.delivery, channel: channel.0.clone(), alerts, notice: text, not_before }
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

#[cfg(test)]
mod tests {
    use driftline_storage::DeliveryStatus;

    use super::*;

    fn time(second: i64) -> Time {
        Time::from_micros(second * 1_000_000).expect("a time")
    }

    fn told(id: u128, event: Event, alerts: &[u128]) -> Notice {
        let alert = |id: &u128| AlertNotice {
            id: Uuid::from_u128(*id),
            monitor: "psi".into(),
            model: "m".into(),
            slice: Default::default(),
            inputs: Default::default(),
            kind: AlertKind::Threshold,
            level: Level::Warning,
            status: "open".into(),
            title: String::new(),
            detail: String::new(),
            value: None,
            metric: None,
            threshold: None,
            window: None,
            evaluation: None,
            url: None,
        };
        Notice { delivery: Uuid::from_u128(id), event, sent: String::new(), alerts: alerts.iter().map(alert).collect() }
    }

    fn waits(channel: &str, second: i64, notice: &Notice) -> DeliveryRecord {
        DeliveryRecord {
            id: notice.delivery,
            channel: channel.parse().expect("a name"),
            monitor: None,
            model: None,
            alert: None,
            notice: serde_json::to_string(notice).expect("JSON"),
            status: DeliveryStatus::Pending,
            attempts: 0,
            created: time(0),
            next_attempt: time(second),
            settled: None,
            said: String::new(),
        }
    }

    #[test]
    fn a_notice_joins_one_of_its_kind_but_none_that_goes_before_what_was_told_of_its_alerts() {
        use Event::{Opened, Resolved};
        let wait = WAIT_MICROS / 1_000_000;
        // What waits by channel, when it is due and what it tells; what is told; what becomes of it, and when it is due.
        for (waiting, event, alerts, expected, due) in [
            (vec![], Opened, vec![1], (9, vec![1]), 100 + wait),
            (vec![("ops", 1, told(1, Opened, &[1]))], Opened, vec![2], (1, vec![1, 2]), 1),
            (vec![("dev", 1, told(1, Opened, &[1]))], Opened, vec![2], (9, vec![2]), 100 + wait),
            (vec![("ops", 1, told(1, Opened, &[1]))], Resolved, vec![1], (9, vec![1]), 100 + wait),
            // The resolve of 2 would overtake its opening.
            (
                vec![("ops", 1, told(1, Resolved, &[1])), ("ops", 2, told(2, Opened, &[2, 3]))],
                Resolved,
                vec![2],
                (9, vec![2]),
                100 + wait,
            ),
            (
                vec![("ops", 1, told(1, Opened, &[2])), ("ops", 2, told(2, Resolved, &[1]))],
                Resolved,
                vec![2],
                (2, vec![1, 2]),
                2,
            ),
            (
                vec![
                    ("ops", 1, told(1, Resolved, &[1])),
                    ("ops", 2, told(2, Opened, &[2])),
                    ("ops", 3, told(3, Resolved, &[4])),
                ],
                Resolved,
                vec![2],
                (3, vec![4, 2]),
                3,
            ),
        ] {
            let waiting: Vec<_> = waiting.iter().map(|(to, due, notice)| waits(to, *due, notice)).collect();
            let channel = ItemName("ops".parse().expect("a name"));
            let new = joined(&waiting, &channel, told(9, event, &alerts), time(100));
            let ids = |alerts: &[Uuid]| alerts.iter().map(Uuid::as_u128).collect::<Vec<_>>();
            let found = (new.id.as_u128(), ids(&new.alerts));
            assert_eq!((found, new.not_before), (expected, time(due)), "{event:?} {alerts:?} {waiting:?}");
        }
    }
}
