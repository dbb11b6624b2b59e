//! What becomes of an alert, and what is told of it.

use driftline_core::Time;
use driftline_notify::Event;
use driftline_storage::AlertStatus;
use serde::{Deserialize, Serialize};

use crate::wire::{AlertLevel, AlertRules, Instant};

/// What was told of an alert last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// At which level.
    pub level: AlertLevel,
    /// When.
    pub at: Instant,
}

/// An alert as the rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How far it is.
    pub status: AlertStatus,
    /// How bad it is.
    pub level: AlertLevel,
    /// What was told of it last, if anything.
    pub told: Option<Told>,
}

/// What the latest judged window says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It breaches as often in a row as it must.
    Breach(AlertLevel),
    /// It breaches, but not yet as often in a row as it must.
    Pending(AlertLevel),
    /// It does not breach.
    Fine,
}

/// What there is to consider besides.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The present.
    pub now: Time,
    /// The monitor's rules.
    pub rules: &'a AlertRules,
    /// When the silence ends that holds now.
    pub silenced_until: Option<Time>,
    /// When an alert about the same was resolved last.
    pub resolved_before: Option<Time>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The alert as it is now.
    pub standing: Standing,
    /// What happened, in a word.
    pub event: Option<&'static str>,
    /// What is told of it now.
    pub tell: Option<Event>,
    /// When to look at it again without a run.
    pub look_at: Option<Time>,
}

/// What becomes of an alert, if there is one, by what was found; nothing when there is none and all is fine.
pub fn next(held: Option<Standing>, finding: Finding, around: Circumstances<'_>) -> Option<Outcome> {
    let (standing, event) = match (held, finding) {
        (None, Finding::Fine) => return None,
        (None, Finding::Pending(level)) => (Standing { status: AlertStatus::Pending, level, told: None }, None),
        (None, Finding::Breach(level)) => (Standing { status: AlertStatus::Open, level, told: None }, Some("opened")),
        (Some(held), Finding::Fine) => (Standing { status: AlertStatus::Resolved, ..held }, Some("resolved")),
        (Some(held), Finding::Pending(level)) if held.status == AlertStatus::Pending => {
            (Standing { level, ..held }, None)
        }
        // What was told stays until a window is fine.
        (Some(held), Finding::Pending(_)) => (held, Some("updated")),
        (Some(held), Finding::Breach(level)) => breaching(held, level),
    };
    Some(told(standing, event, around))
}

fn breaching(held: Standing, level: AlertLevel) -> (Standing, Option<&'static str>) {
    match (held.status, held.level, level) {
        (AlertStatus::Pending, ..) => (Standing { status: AlertStatus::Open, level, ..held }, Some("opened")),
        // Who looks after a warning may not know that it has become critical.
        (_, AlertLevel::Warning, AlertLevel::Critical) => {
            let knows = held.told.is_some_and(|told| told.level == level);
            let status = if knows { held.status } else { AlertStatus::Open };
            (Standing { status, level, ..held }, Some("escalated"))
        }
        (_, AlertLevel::Critical, AlertLevel::Warning) => (Standing { level, ..held }, Some("deescalated")),
        _ => (held, Some("updated")),
    }
}

/// The same alert looked at without a run: a silence or cooldown has ended, or it is time to remind.
pub fn looked_at(held: Standing, around: Circumstances<'_>) -> Outcome {
    told(held, None, around)
}

fn told(standing: Standing, event: Option<&'static str>, around: Circumstances<'_>) -> Outcome {
    let Circumstances { now, rules, silenced_until, resolved_before } = around;
    let nothing = Outcome { standing, event, tell: None, look_at: None };
    let after = |from: Time, length: Option<crate::wire::Length>| length.map(|length| from.after(length.0));
    match (standing.status, standing.told) {
        (AlertStatus::Pending, _) => nothing,
        (AlertStatus::Resolved, None) => nothing,
        // Who was told that it opened waits for this, silence or not.
        (AlertStatus::Resolved, Some(_)) => Outcome { tell: Some(Event::Resolved), ..nothing },
        _ if silenced_until.is_some() => Outcome { look_at: silenced_until, ..nothing },
        (_, None) => {
            let quiet_until = resolved_before.and_then(|at| after(at, rules.cooldown)).filter(|until| *until > now);
            match quiet_until {
                Some(_) => Outcome { look_at: quiet_until, ..nothing },
                None => telling(standing, event, Event::Opened, around),
            }
        }
        (_, Some(told)) if told.level < standing.level => telling(standing, event, Event::Escalated, around),
        (status, Some(told)) => {
            let better = told.level > standing.level;
            // Up and down again and again is told once in a cooldown.
            let down = better.then(|| after(told.at.0, rules.cooldown).unwrap_or(now));
            let remind = after(told.at.0, rules.remind).filter(|_| status == AlertStatus::Open);
            match (down, remind) {
                (Some(due), _) if due <= now => telling(standing, event, Event::Deescalated, around),
                (_, Some(due)) if due <= now => telling(standing, event.or(Some("reminded")), Event::Reminded, around),
                _ => Outcome { look_at: down.into_iter().chain(remind).min(), ..nothing },
            }
        }
    }
}

fn telling(standing: Standing, event: Option<&'static str>, tell: Event, around: Circumstances<'_>) -> Outcome {
    let told = Told { level: standing.level, at: Instant(around.now) };
    let standing = Standing { told: Some(told), ..standing };
    let remind = around.rules.remind.filter(|_| standing.status == AlertStatus::Open);
    let look_at = remind.map(|length| around.now.after(length.0));
    Outcome { standing, event, tell: Some(tell), look_at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlertLevel::{Critical, Warning};
    use AlertStatus::{Acknowledged, Open, Pending, Resolved};

    fn hour(number: i64) -> Time {
        Time::from_micros(number * 3_600_000_000).expect("a time")
    }

    fn rules() -> AlertRules {
        serde_json::from_value(serde_json::json!({"cooldown": "6h", "remind": "24h"})).expect("rules")
    }

    fn standing(status: AlertStatus, level: AlertLevel, told: Option<(AlertLevel, i64)>) -> Option<Standing> {
        Some(Standing { status, level, told: told.map(|(level, at)| Told { level, at: Instant(hour(at)) }) })
    }

    #[test]
    fn alerts_are_told_once_and_in_time() {
        let rules = rules();
        let none = (None, None);
        // held; what is found; silenced until, resolved before; then: status, level, told, look again
        for (held, finding, (silenced, resolved), expected) in [
            (None, Finding::Fine, none, None),
            (None, Finding::Breach(Critical), none, Some((Open, Critical, Some(Event::Opened), Some(124)))),
            (None, Finding::Pending(Warning), none, Some((Pending, Warning, None, None))),
            (
                standing(Pending, Warning, None),
                Finding::Breach(Warning),
                none,
                Some((Open, Warning, Some(Event::Opened), Some(124))),
            ),
            (standing(Pending, Warning, None), Finding::Fine, none, Some((Resolved, Warning, None, None))),
            (
                standing(Open, Warning, Some((Warning, 90))),
                Finding::Breach(Warning),
                none,
                Some((Open, Warning, None, Some(114))),
            ),
            (
                standing(Open, Warning, Some((Warning, 76))),
                Finding::Breach(Warning),
                none,
                Some((Open, Warning, Some(Event::Reminded), Some(124))),
            ),
            (
                standing(Open, Warning, Some((Warning, 90))),
                Finding::Breach(Critical),
                none,
                Some((Open, Critical, Some(Event::Escalated), Some(124))),
            ),
            (
                standing(Acknowledged, Warning, Some((Warning, 90))),
                Finding::Breach(Critical),
                none,
                Some((Open, Critical, Some(Event::Escalated), Some(124))),
            ),
            (
                standing(Acknowledged, Warning, Some((Warning, 10))),
                Finding::Breach(Warning),
                none,
                Some((Acknowledged, Warning, None, None)),
            ),
            (
                standing(Open, Critical, Some((Critical, 90))),
                Finding::Breach(Warning),
                none,
                Some((Open, Warning, Some(Event::Deescalated), Some(124))),
            ),
            // Down is told when the cooldown is over, up at once; of what is told already nothing is told.
            (
                standing(Open, Critical, Some((Critical, 97))),
                Finding::Breach(Warning),
                none,
                Some((Open, Warning, None, Some(103))),
            ),
            (
                standing(Open, Warning, Some((Critical, 97))),
                Finding::Breach(Critical),
                none,
                Some((Open, Critical, None, Some(121))),
            ),
            (
                standing(Acknowledged, Warning, Some((Critical, 97))),
                Finding::Breach(Critical),
                none,
                Some((Acknowledged, Critical, None, None)),
            ),
            (
                standing(Open, Warning, Some((Warning, 97))),
                Finding::Breach(Critical),
                none,
                Some((Open, Critical, Some(Event::Escalated), Some(124))),
            ),
            (
                standing(Open, Critical, Some((Critical, 90))),
                Finding::Fine,
                none,
                Some((Resolved, Critical, Some(Event::Resolved), None)),
            ),
            // Flapping: it opens again within the cooldown, and is told when that is over.
            (None, Finding::Breach(Critical), (None, Some(97)), Some((Open, Critical, None, Some(103)))),
            (None, Finding::Breach(Critical), (None, Some(90)), Some((Open, Critical, Some(Event::Opened), Some(124)))),
            (standing(Open, Critical, None), Finding::Fine, (None, Some(97)), Some((Resolved, Critical, None, None))),
            // Silenced: only the end of what was told is told.
            (None, Finding::Breach(Critical), (Some(110), None), Some((Open, Critical, None, Some(110)))),
            (
                standing(Open, Critical, Some((Critical, 90))),
                Finding::Fine,
                (Some(110), None),
                Some((Resolved, Critical, Some(Event::Resolved), None)),
            ),
            (standing(Open, Critical, None), Finding::Fine, (Some(110), None), Some((Resolved, Critical, None, None))),
            // The silence is over.
            (
                standing(Open, Critical, None),
                Finding::Breach(Critical),
                none,
                Some((Open, Critical, Some(Event::Opened), Some(124))),
            ),
        ] {
            let around = Circumstances {
                now: hour(100),
                rules: &rules,
                silenced_until: silenced.map(hour),
                resolved_before: resolved.map(hour),
            };
            let outcome = next(held, finding, around);
            let found = outcome.map(|o| (o.standing.status, o.standing.level, o.tell, o.look_at));
            let expected = expected.map(|(status, level, tell, look)| (status, level, tell, look.map(hour)));
            assert_eq!(found, expected, "{held:?} {finding:?} {silenced:?} {resolved:?}");
        }
    }
}
