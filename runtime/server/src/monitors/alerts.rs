//! What becomes of alerts: after a run, by hand, when their time has come, when their monitor goes.

use std::collections::HashMap;

use axum::http::StatusCode;
use driftline_core::Time;
use driftline_notify::Event;
use driftline_storage::{
    AlertChange, AlertFilter, AlertKind, AlertRecord, AlertStatus, Docket, Error, Judge, NewAlert, NewEvent,
    SilenceRecord,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    absence::Absence,
    findings::{AlertDetail, Found},
    judged::Key,
    monitor,
    notices::{Telling, tell},
    rules::{
        alerting::{Circumstances, Outcome, Standing, Told, looked_at, next},
        pattern::fits,
    },
};
use crate::{
    app::App,
    problem::Problem,
    wire::{AlertLevel, AlertRules, SilenceRule},
};

/// What is kept of an alert beside what storage looks at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertState {
    /// What was told of it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
    /// What was found last.
    pub last: AlertDetail,
}

/// Who does something about an alert.
#[derive(Debug, Clone)]
pub struct Hand {
    /// Who.
    pub by: String,
    /// What for.
    pub note: Option<String>,
}

impl AlertState {
    /// The state of an alert.
    ///
    /// # Errors
    /// 500 when it can't be read.
    pub fn read(alert: &AlertRecord) -> Result<Self, Problem> {
        serde_json::from_str(&alert.state)
            .map_err(|error| Problem::internal(format!("the state of alert {} can't be read: {error}", alert.id)))
    }
}

/// Whose alerts they are, and by which rules.
#[derive(Debug, Clone)]
pub struct Ruled {
    /// The monitor.
    pub monitor: String,
    /// The model.
    pub model: String,
    /// The rules.
    pub rules: AlertRules,
    /// When alerts about the same were resolved last.
    pub resolved: HashMap<(AlertKind, Key), Time>,
}

/// Resolved alerts that are looked through for those that open again.
const RESOLVED: usize = 1000;

impl Ruled {
    /// The rules of a monitor over a model.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn new(app: &App, monitor: &str, model: &str, rules: &AlertRules) -> Result<Self, Problem> {
        let mut resolved = HashMap::new();
        if rules.cooldown.is_some() {
            let filter = AlertFilter {
                status: Some(AlertStatus::Resolved),
                monitor: monitor.parse().ok(),
                model: model.parse().ok(),
                ..AlertFilter::default()
            };
            for alert in app.storage.alerts(&filter, None, RESOLVED)? {
                if let (Some(at), true) = (alert.resolved, AlertState::read(&alert)?.told.is_some()) {
                    let latest: &mut Time = resolved.entry((alert.kind, (alert.slice, alert.inputs))).or_insert(at);
                    *latest = at.max(*latest);
                }
            }
        }
        Ok(Self { monitor: monitor.into(), model: model.into(), rules: rules.clone(), resolved })
    }

    fn around<'a>(&'a self, docket: &Docket, kind: AlertKind, key: &Key) -> Circumstances<'a> {
        let silenced_until = docket
            .silences
            .iter()
            .filter(|silence| silences(silence, &self.monitor, &self.model, &key.0))
            .map(|silence| silence.ends)
            .max();
        let resolved_before = self.resolved.get(&(kind, key.clone())).copied();
        Circumstances { now: docket.now, rules: &self.rules, silenced_until, resolved_before }
    }

    fn tell(&self, changes: &mut [AlertChange], tellings: Vec<Telling>, docket: &Docket) {
        tell(changes, tellings, &self.rules, (&self.monitor, &self.model), docket);
    }
}

/// Whether a silence is about a slice of a monitor's model.
fn silences(silence: &SilenceRecord, monitor: &str, model: &str, slice: &str) -> bool {
    let Ok(rule) = serde_json::from_str::<SilenceRule>(&silence.rule) else { return false };
    let fits = |pattern: &Option<String>, text: &str| pattern.as_ref().is_none_or(|pattern| fits(pattern, text));
    let cells: serde_json::Map<String, serde_json::Value> = serde_json::from_str(slice).unwrap_or_default();
    fits(&rule.monitor, monitor)
        && fits(&rule.model, model)
        && rule.slice.iter().all(|(name, value)| cells.get(name) == Some(value))
}

/// Decides on a pair's alerts by what a run found, and by what it did not find any more.
pub fn judge(ruled: Ruled, mut found: Vec<Found>, absence: Option<Absence>) -> Judge {
    Box::new(move |docket| {
        let (mut changes, mut tellings) = (Vec::new(), Vec::new());
        if let Some(absence) = absence {
            let thresholds = docket.alerts.iter().filter(|alert| alert.kind == AlertKind::Threshold);
            found.extend(thresholds.filter_map(|alert| absence.of(&(alert.slice.clone(), alert.inputs.clone()))));
        }
        for found in &found {
            let same = |alert: &&AlertRecord| {
                alert.kind == found.kind && (&alert.slice, &alert.inputs) == (&found.key.0, &found.key.1)
            };
            let held = docket.alerts.iter().find(same);
            let state = held.and_then(|alert| AlertState::read(alert).ok()).unwrap_or_default();
            let standing = held.map(|alert| standing(alert, &state));
            if standing.is_none() && !found.fresh {
                continue;
            }
            let around = ruled.around(docket, found.kind, &found.key);
            let Some(outcome) = next(standing, found.finding, around) else { continue };
            // The same window says the same again: nothing has happened.
            if outcome.tell.is_none() && standing == Some(outcome.standing) && is_known(&state.last, &found.detail) {
                continue;
            }
            let base = match held {
                Some(alert) => NewAlert::from(alert.clone()),
                None => new_alert(found, docket.now),
            };
            if let Some(event) = outcome.tell {
                tellings.push(Telling { change: changes.len(), event, detail: found.detail.clone() });
            }
            changes.push(changed(base, &outcome, found.detail.clone(), docket.now));
        }
        ruled.tell(&mut changes, tellings, docket);
        changes
    })
}

fn is_known(last: &AlertDetail, found: &AlertDetail) -> bool {
    (&last.window, last.value, &last.code, &last.detail) == (&found.window, found.value, &found.code, &found.detail)
}

fn standing(alert: &AlertRecord, state: &AlertState) -> Standing {
    Standing { status: alert.status, level: level(&alert.level), told: state.told }
}

fn level(word: &str) -> AlertLevel {
    if word == "critical" { AlertLevel::Critical } else { AlertLevel::Warning }
}

fn word(level: AlertLevel) -> &'static str {
    match level {
        AlertLevel::Warning => "warning",
        AlertLevel::Critical => "critical",
    }
}

fn new_alert(found: &Found, now: Time) -> NewAlert {
    let (slice, inputs) = found.key.clone();
    let (status, level, state) = (AlertStatus::Pending, "warning".into(), String::new());
    NewAlert {
        id: Uuid::now_v7(),
        kind: found.kind,
        slice,
        inputs,
        status,
        level,
        opened: now,
        resolved: None,
        look_at: None,
        state,
    }
}

/// The alert as it is after an outcome.
fn changed(base: NewAlert, outcome: &Outcome, detail: AlertDetail, now: Time) -> AlertChange {
    let was_pending = base.status == AlertStatus::Pending;
    let now_open = outcome.standing.status == AlertStatus::Open;
    let about =
        json!({"level": word(outcome.standing.level), "value": detail.value, "window": detail.window}).to_string();
    let events = outcome.event.into_iter().map(|kind| NewEvent { kind: kind.into(), detail: about.clone() });
    let alert = NewAlert {
        status: outcome.standing.status,
        level: word(outcome.standing.level).into(),
        opened: if was_pending && now_open { now } else { base.opened },
        resolved: (outcome.standing.status == AlertStatus::Resolved).then_some(now),
        look_at: outcome.look_at,
        state: serde_json::to_string(&AlertState { told: outcome.standing.told, last: detail }).unwrap_or_default(),
        ..base
    };
    AlertChange { alert, events: events.collect(), deliveries: Vec::new() }
}

/// Looks at an alert whose time has come: to remind, or because a silence or cooldown is over, or nobody watches any more.
///
/// # Errors
/// Those of the catalog.
pub fn look(app: &App, alert: &AlertRecord) -> Result<(), Problem> {
    let rules = monitor::find(app, &alert.monitor)?.definition.alerts;
    let ruled = Ruled::new(app, alert.monitor.as_str(), alert.model.as_str(), &rules)?;
    let changed = app.storage.change_alert(alert.id, move |alert, docket| {
        let state = AlertState::read(alert).map_err(unreadable)?;
        let key = (alert.slice.clone(), alert.inputs.clone());
        let around = ruled.around(docket, alert.kind, &key);
        let held = standing(alert, &state);
        let outcome = match (docket.watched, alert.status) {
            (_, AlertStatus::Resolved) => return Ok(Vec::new()),
            (true, _) => Some(looked_at(held, around)),
            (false, _) => next(Some(held), super::rules::alerting::Finding::Fine, around),
        };
        Ok(outcome.map(|outcome| one(alert, &outcome, state.last, &ruled, docket)).into_iter().collect())
    });
    match changed {
        Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// One alert's change with what is told of it.
fn one(alert: &AlertRecord, outcome: &Outcome, detail: AlertDetail, ruled: &Ruled, docket: &Docket) -> AlertChange {
    let mut changes = [changed(NewAlert::from(alert.clone()), outcome, detail.clone(), docket.now)];
    let telling = outcome.tell.map(|event| Telling { change: 0, event, detail });
    ruled.tell(&mut changes, telling.into_iter().collect(), docket);
    let [change] = changes;
    change
}

fn unreadable(problem: Problem) -> Error {
    Error::failed("reading the state of an alert", problem.detail)
}

/// Somebody looks after it.
///
/// # Errors
/// 404 without the alert, 409 when it is resolved.
pub fn acknowledge(app: &App, id: Uuid, hand: Hand) -> Result<(), Problem> {
    by_hand(app, id, hand, AlertStatus::Acknowledged, Event::Acknowledged, "acknowledged")
}

/// Somebody says that it is over.
///
/// # Errors
/// As [`acknowledge`].
pub fn resolve(app: &App, id: Uuid, hand: Hand) -> Result<(), Problem> {
    by_hand(app, id, hand, AlertStatus::Resolved, Event::Resolved, "resolved")
}

fn by_hand(
    app: &App,
    id: Uuid,
    hand: Hand,
    status: AlertStatus,
    event: Event,
    kind: &'static str,
) -> Result<(), Problem> {
    let held = app.storage.alert(id)?.ok_or_else(|| alert_not_found(id))?;
    let rules = monitor::find(app, &held.monitor)?.definition.alerts;
    let ruled = Ruled::new(app, held.monitor.as_str(), held.model.as_str(), &rules)?;
    let changed = app.storage.change_alert(id, move |alert, docket| {
        if alert.status == AlertStatus::Resolved {
            let reason = "the alert is resolved: there is nothing to do about it".into();
            return Err(Error::Conflict { code: "alert_resolved", reason });
        }
        let state = AlertState::read(alert).map_err(unreadable)?;
        let around = ruled.around(docket, alert.kind, &(alert.slice.clone(), alert.inputs.clone()));
        let silent = around.silenced_until.is_some() && status != AlertStatus::Resolved;
        let told = state.told.is_some() && !silent;
        let standing = Standing { status, ..standing(alert, &state) };
        let outcome = Outcome { standing, event: None, tell: told.then_some(event), look_at: None };
        let mut change = one(alert, &outcome, state.last, &ruled, docket);
        let detail = json!({"by": hand.by, "note": hand.note}).to_string();
        change.events.push(NewEvent { kind: kind.into(), detail });
        Ok(vec![change])
    });
    match changed {
        Ok(_) => Ok(()),
        Err(Error::NotFound { .. }) => Err(alert_not_found(id)),
        Err(error) => Err(error.into()),
    }
}

/// Resolves the alerts of a monitor that goes.
///
/// # Errors
/// Those of the catalog.
pub fn farewell(rules: &AlertRules, monitor: &str) -> Judge {
    let (rules, monitor) = (rules.clone(), monitor.to_owned());
    Box::new(move |docket| {
        let mut changes = Vec::new();
        for alert in &docket.alerts {
            let (monitor, model) = (monitor.clone(), alert.model.as_str().to_owned());
            let ruled = Ruled { monitor, model, rules: rules.clone(), resolved: HashMap::new() };
            let state = AlertState::read(alert).unwrap_or_default();
            let around = ruled.around(docket, alert.kind, &(alert.slice.clone(), alert.inputs.clone()));
            let fine = super::rules::alerting::Finding::Fine;
            if let Some(outcome) = next(Some(standing(alert, &state)), fine, around) {
                changes.push(one(alert, &outcome, state.last, &ruled, docket));
            }
        }
        changes
    })
}

/// There is no alert of this id.
pub fn alert_not_found(id: Uuid) -> Problem {
    let detail = format!("there is no alert {id}: GET /v1/alerts lists those there are");
    Problem::new(StatusCode::NOT_FOUND, "alert_not_found", detail).at("id")
}
