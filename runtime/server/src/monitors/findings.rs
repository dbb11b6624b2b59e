//! What a run says of each slice: whether there is, or goes on to be, an alert.

use std::collections::BTreeMap;

use driftline_core::Window;
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
    /// Whether it was found in a window that was measured now: what was known before begins no alert.
    pub fresh: bool,
    /// What is to be known of it.
    pub detail: AlertDetail,
}

/// What the latest judged window of each key says. Windows before it change no alert: they are history. Where it could not
/// judge by a threshold, what that said last holds on: who does not know says neither good nor bad.
pub fn findings(definition: &MonitorDefinition, history: &History, measured: &Measured) -> Vec<Found> {
    measured.iter().filter_map(|(key, windows)| finding(definition, history.of_key(key), windows)).collect()
}

/// The windows of each key that were measured now.
pub type Measured = BTreeMap<Key, Vec<Window>>;

/// The windows of results.
pub fn measured<'a>(results: impl IntoIterator<Item = &'a JudgedResult>) -> Measured {
    let mut measured = Measured::new();
    for result in results {
        measured.entry(result.key.clone()).or_default().push(result.window);
    }
    measured
}

fn finding(definition: &MonitorDefinition, known: &[JudgedResult], measured: &[Window]) -> Option<Found> {
    let judged: Vec<&JudgedResult> = known.iter().filter(|result| result.is_judged()).collect();
    let latest = judged.first()?;
    let mut breaches: Vec<Breach<'_>> =
        latest.judged.verdicts.iter().filter_map(|verdict| breach(definition, &judged, verdict)).collect();
    breaches.sort_by_key(|breach| (!breach.fires, breach.verdict.level != "critical"));
    let is_fresh = |breach: &Breach<'_>| measured.contains(&breach.result.window);
    let fires = breaches.first().is_some_and(|breach| breach.fires);
    let fresh = breaches.iter().any(|breach| breach.fires == fires && is_fresh(breach));
    let (finding, detail) = match breaches.first() {
        Some(breach) => {
            let level = level(breach.verdict);
            let finding = if breach.fires { Finding::Breach(level) } else { Finding::Pending(level) };
            (finding, detail(definition, breach.result, Some(breach.verdict), breach.count))
        }
        None => {
            let defined = latest.judged.verdicts.iter().find(|verdict| verdict.breached.is_some());
            (Finding::Fine, detail(definition, latest, defined, 0))
        }
    };
    Some(Found { kind: AlertKind::Threshold, key: latest.key.clone(), finding, fresh, detail })
}

/// A threshold that was breached when it was judged last.
struct Breach<'a> {
    /// Where.
    result: &'a JudgedResult,
    verdict: &'a Verdict,
    /// In how many of the windows in a row in which it was judged.
    count: u64,
    /// Whether that is often enough.
    fires: bool,
}

fn breach<'a>(definition: &MonitorDefinition, judged: &[&'a JudgedResult], about: &Verdict) -> Option<Breach<'a>> {
    let same = |verdict: &&Verdict| {
        (verdict.threshold, &verdict.output, &verdict.level) == (about.threshold, &about.output, &about.level)
            && verdict.breached.is_some()
    };
    let defined = judged.iter().filter_map(|result| Some((*result, result.judged.verdicts.iter().find(same)?)));
    let mut in_a_row = defined.take_while(|(_, verdict)| verdict.breached == Some(true));
    let (result, verdict) = in_a_row.next()?;
    let count = 1 + in_a_row.count() as u64;
    let enough = definition.thresholds.get(verdict.threshold).and_then(|threshold| threshold.consecutive).unwrap_or(1);
    Some(Breach { result, verdict, count, fires: count >= u64::from(enough) })
}

fn level(verdict: &Verdict) -> AlertLevel {
    if verdict.level == "critical" { AlertLevel::Critical } else { AlertLevel::Warning }
}

fn detail(
    definition: &MonitorDefinition,
    result: &JudgedResult,
    verdict: Option<&Verdict>,
    breaches: u64,
) -> AlertDetail {
    let window = Some(WindowBounds::from(result.window));
    let base = AlertDetail { window, evaluation: Some(Id(result.evaluation)), breaches, ..AlertDetail::default() };
    let Some(verdict) = verdict else { return base };
    let number = verdict.value.map_or_else(|| "undefined".into(), |value| format!("{value:.6}"));
    let tested = definition.thresholds.get(verdict.threshold).is_some_and(|threshold| threshold.p_value.is_some());
    let bound = match (verdict.lower, verdict.upper) {
        (Some(alpha), None) if tested => format!("more than {alpha:.6}"),
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
    Found { kind: AlertKind::CannotRun, key: ("{}".into(), "{}".into()), finding, fresh: true, detail }
}

/// What is said of a monitor that can run.
pub fn can_run() -> Found {
    let detail = AlertDetail {
        title: "it runs again".into(),
        detail: "the last run had results".into(),
        ..AlertDetail::default()
    };
    let key = ("{}".into(), "{}".into());
    Found { kind: AlertKind::CannotRun, key, finding: Finding::Fine, fresh: true, detail }
}
