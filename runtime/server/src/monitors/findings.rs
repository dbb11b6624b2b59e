//! What a run says of each slice: whether there is, or goes on to be, an alert.

use std::collections::BTreeSet;

use driftline_storage::AlertKind;
use serde::{Deserialize, Serialize};

use super::{
    history::History,
    judged::{JudgedResult, Key},
    rules::alerting::Finding,
};
use crate::wire::{AlertLevel, Id, MonitorDefinition, Verdict, WindowBounds};

/// What is known of an alert besides how far it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertDetail {
    /// What is wrong, in a line.
    pub title: String,
    /// What was found and where the bound lies.
    pub detail: String,
    /// Why the monitor can't run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The output whose value is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowBounds>,
    /// The evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Id>,
    /// How many windows in a row have breached.
    #[serde(default)]
    pub breaches: u64,
}

/// What a run says of a slice, or of the monitor itself.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it is about.
    pub kind: AlertKind,
    /// Slice and inputs.
    pub key: Key,
    /// What was found.
    pub finding: Finding,
    /// What is to be known of it.
    pub detail: AlertDetail,
}

/// What the latest judged window of each key says. Windows before it change no alert: they are history.
pub fn findings(definition: &MonitorDefinition, history: &History, keys: &BTreeSet<Key>) -> Vec<Found> {
    keys.iter().filter_map(|key| finding(definition, history.of_key(key))).collect()
}

fn finding(definition: &MonitorDefinition, known: &[JudgedResult]) -> Option<Found> {
    let judged: Vec<&JudgedResult> = known.iter().filter(|result| result.is_judged()).collect();
    let latest = judged.first()?;
    let breached = latest.judged.verdicts.iter().filter(|verdict| verdict.breached == Some(true));
    // Each breach with how often in a row it has come, and whether that is often enough.
    let mut breaches: Vec<(&Verdict, u64, bool)> = breached
        .map(|verdict| {
            let count = in_a_row(&judged, verdict);
            let enough = definition.thresholds.get(verdict.threshold).and_then(|t| t.consecutive).unwrap_or(1);
            (verdict, count, count >= u64::from(enough))
        })
        .collect();
    breaches.sort_by_key(|(verdict, _, fires)| (!fires, verdict.level != "critical"));
    let finding = match breaches.first() {
        Some((verdict, _, true)) => Finding::Breach(level(verdict)),
        Some((verdict, _, false)) => Finding::Pending(level(verdict)),
        None => Finding::Fine,
    };
    let shown = breaches.first().map(|(verdict, ..)| *verdict).or(latest.judged.verdicts.first());
    let count = breaches.first().map_or(0, |(_, count, _)| *count);
    Some(Found { kind: AlertKind::Threshold, key: latest.key.clone(), finding, detail: detail(latest, shown, count) })
}

/// In how many windows in a row, up to the latest, the same threshold was breached.
fn in_a_row(judged: &[&JudgedResult], verdict: &Verdict) -> u64 {
    let breached = |result: &&&JudgedResult| {
        result.judged.verdicts.iter().any(|other| {
            (other.threshold, &other.output, &other.level) == (verdict.threshold, &verdict.output, &verdict.level)
                && other.breached == Some(true)
        })
    };
    judged.iter().take_while(breached).count() as u64
}

fn level(verdict: &Verdict) -> AlertLevel {
    if verdict.level == "critical" { AlertLevel::Critical } else { AlertLevel::Warning }
}

fn detail(result: &JudgedResult, verdict: Option<&Verdict>, breaches: u64) -> AlertDetail {
    let window = Some(WindowBounds::from(result.window));
    let base = AlertDetail { window, evaluation: Some(Id(result.evaluation)), breaches, ..AlertDetail::default() };
    let Some(verdict) = verdict else { return base };
    let number = verdict.value.map_or_else(|| "undefined".into(), |value| format!("{value:.6}"));
    let bound = match (verdict.lower, verdict.upper) {
        (Some(lower), Some(upper)) => format!("between {lower:.6} and {upper:.6}"),
        (Some(lower), None) => format!("at least {lower:.6}"),
        (None, Some(upper)) => format!("at most {upper:.6}"),
        (None, None) => "within its bounds".into(),
    };
    let note = verdict.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    let is = if verdict.breached == Some(true) { "should be" } else { "is, as it should be," };
    AlertDetail {
        title: format!("{} is {number}", verdict.output),
        detail: format!("{} is {number} in {}; it {is} {bound}{note}", verdict.output, result.window),
        metric: Some(verdict.output.clone()),
        value: verdict.value,
        verdict: Some(verdict.clone()),
        ..base
    }
}

/// What is said of a monitor that can't run.
pub fn cannot_run(definition: &MonitorDefinition, code: &str, message: &str) -> Found {
    let finding = match definition.alerts.cannot_run {
        crate::wire::CannotRun::Off => Finding::Fine,
        crate::wire::CannotRun::Warning => Finding::Breach(AlertLevel::Warning),
        crate::wire::CannotRun::Critical => Finding::Breach(AlertLevel::Critical),
    };
    let detail = AlertDetail {
        title: format!("it can't run: {}", code.replace('_', " ")),
        detail: message.to_owned(),
        code: Some(code.to_owned()),
        ..AlertDetail::default()
    };
    Found { kind: AlertKind::CannotRun, key: ("{}".into(), "{}".into()), finding, detail }
}

/// What is said of a monitor that can run.
pub fn can_run() -> Found {
    let detail = AlertDetail {
        title: "it runs again".into(),
        detail: "the last run had results".into(),
        ..AlertDetail::default()
    };
    Found { kind: AlertKind::CannotRun, key: ("{}".into(), "{}".into()), finding: Finding::Fine, detail }
}
