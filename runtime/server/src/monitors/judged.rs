//! Results with the verdict on them.

use std::collections::HashMap;

use driftline_core::{Description, Output, Window};
use driftline_eval as eval;
use driftline_storage::{NewResult, ResultRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{
    ground::Origin,
    rules::verdict::{self, Basis, Bounds},
};
use crate::wire::{self, AlertLevel, MonitorDefinition, RowCounts, Threshold, Verdict, WindowResult};

/// What a result is about besides its window: slice and inputs, each as the text that always is the same.
pub type Key = (String, String);

/// The level of a result that no threshold says anything of.
pub const NOT_JUDGED: &str = "not_judged";

/// What is kept of a result beside what storage looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// How many rows there were.
    pub rows: RowCounts,
    /// The plugin's values.
    pub values: Vec<wire::Value>,
    /// What each threshold evaluated to.
    pub verdicts: Vec<Verdict>,
    /// Why it was not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A result that was judged, or could not be.
#[derive(Debug, Clone)]
pub struct JudgedResult {
    /// What it is about.
    pub key: Key,
    /// Its window.
    pub window: Window,
    /// `none`, `warning`, `critical` or `not_judged`.
    pub level: String,
    /// What was found.
    pub judged: Judged,
    /// The evaluation that it comes from.
    pub evaluation: Uuid,
}

/// Values to hold others against, by key and output.
#[derive(Debug, Clone, Default)]
pub struct Baselines {
    /// Over each period of the reference.
    pub periods: HashMap<Key, HashMap<String, Vec<f64>>>,
    /// Over the reference.
    pub reference: HashMap<Key, HashMap<String, f64>>,
    /// Of the window before.
    pub previous: HashMap<Key, HashMap<String, f64>>,
}

impl JudgedResult {
    /// A result that was kept.
    pub fn of(record: &ResultRecord) -> Option<Self> {
        let found = &record.found;
        Some(Self {
            key: (found.slice.clone(), found.inputs.clone()),
            window: found.window,
            level: found.level.clone(),
            judged: serde_json::from_str(&found.detail).ok()?,
            evaluation: found.evaluation,
        })
    }

    /// As storage keeps it.
    pub fn kept(&self, origin: &Origin) -> NewResult {
        NewResult {
            window: self.window,
            slice: self.key.0.clone(),
            inputs: self.key.1.clone(),
            level: self.level.clone(),
            rows: self.judged.rows.used,
            detail: serde_json::to_string(&self.judged).unwrap_or_default(),
            evaluation: self.evaluation,
            digest: origin.data.clone(),
            place: origin.place,
            basis: origin.ground.clone(),
        }
    }

    /// Whether some threshold says something of it.
    pub fn is_judged(&self) -> bool {
        self.level != NOT_JUDGED
    }

    /// The numbers of its values that are defined.
    pub fn numbers(&self) -> HashMap<String, f64> {
        numbers(&self.judged.values)
    }
}

/// The key of a result.
pub fn key(result: &WindowResult) -> Key {
    (text(&result.slice), text(&result.inputs))
}

/// The numbers of values that are defined.
pub fn numbers(values: &[wire::Value]) -> HashMap<String, f64> {
    values.iter().filter_map(|value| Some((value.name.clone(), value.value?))).collect()
}

fn text(members: &Map<String, Json>) -> String {
    Json::Object(members.clone()).to_string()
}

/// Judges the results of one period, which are tested together where p-values are corrected.
pub fn judge(
    definition: &MonitorDefinition,
    description: &Description,
    results: &[&WindowResult],
    baselines: &Baselines,
    evaluation: Uuid,
) -> Vec<JudgedResult> {
    let mut judged: Vec<JudgedResult> =
        results.iter().filter_map(|result| unjudged(definition, result, evaluation)).collect();
    for (number, threshold) in definition.thresholds.iter().enumerate() {
        let Some(name) = output_name(threshold, description) else { continue };
        let adjusted = adjusted(threshold, name, &judged);
        for (result, adjusted) in judged.iter_mut().zip(adjusted).filter(|(result, _)| result.judged.note.is_none()) {
            let verdict = match threshold.p_value {
                Some(_) => tested(threshold, name, adjusted),
                None => bounded(threshold, name, description, baselines, result),
            };
            result.judged.verdicts.push(Verdict { threshold: number, ..verdict });
        }
    }
    for result in &mut judged {
        result.level = level(&result.judged.verdicts).to_owned();
    }
    judged
}

fn unjudged(definition: &MonitorDefinition, result: &WindowResult, evaluation: Uuid) -> Option<JudgedResult> {
    let note = match &result.failure {
        Some(failure) => Some(format!("the plugin failed: {}", failure.message)),
        None if result.rows.used < definition.min_rows => {
            Some(format!("{} rows are fewer than `min_rows` {}", result.rows.used, definition.min_rows))
        }
        None => None,
    };
    let judged = Judged { rows: result.rows, values: result.values.clone(), verdicts: Vec::new(), note };
    let window = Window::new(result.window.start.0, result.window.end.0).ok()?;
    Some(JudgedResult { key: key(result), window, level: NOT_JUDGED.into(), judged, evaluation })
}

/// The output that a threshold is about.
pub fn output_name<'a>(threshold: &'a Threshold, description: &'a Description) -> Option<&'a str> {
    threshold.output.as_deref().or_else(|| description.outputs.first().map(|output| output.name.as_str()))
}

/// The declared output of a name.
pub fn output<'a>(name: &str, description: &'a Description) -> Option<&'a Output> {
    description.outputs.iter().find(|output| output.matches(name))
}

/// The p-values of all results that are judged, corrected for their number.
fn adjusted(threshold: &Threshold, name: &str, results: &[JudgedResult]) -> Vec<Option<f64>> {
    let raw: Vec<Option<f64>> = results
        .iter()
        .map(|result| result.judged.note.is_none().then(|| result.numbers().get(name).copied()).flatten())
        .collect();
    let Some(rule) = threshold.p_value else { return raw };
    let defined: Vec<f64> = raw.iter().flatten().copied().collect();
    let mut adjusted = eval::Correction::from(rule.correction).adjust(&defined).into_iter();
    raw.into_iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

fn tested(threshold: &Threshold, name: &str, adjusted: Option<f64>) -> Verdict {
    let alpha = threshold.p_value.map_or(0.0, |rule| rule.alpha);
    let note = adjusted.is_none().then(|| format!("`{name}` is undefined"));
    let bounds = Bounds { lower: Some(alpha), upper: None, note };
    Verdict { breached: adjusted.map(|p| p <= alpha), ..verdict_of(threshold, name, adjusted, bounds) }
}

fn bounded(
    threshold: &Threshold,
    name: &str,
    description: &Description,
    baselines: &Baselines,
    result: &JudgedResult,
) -> Verdict {
    let value = result.judged.values.iter().find(|value| value.name == name);
    let number = value.and_then(|value| value.value);
    let undefined =
        |note: String| verdict_of(threshold, name, number, Bounds { note: Some(note), ..Bounds::default() });
    let Some(output) = output(name, description) else { return undefined(format!("there is no output `{name}`")) };
    let of = |values: &HashMap<Key, HashMap<String, f64>>| values.get(&result.key).and_then(|v| v.get(name)).copied();
    let none = Vec::new();
    let periods = baselines.periods.get(&result.key).and_then(|values| values.get(name)).unwrap_or(&none);
    let basis = Basis { periods, reference: of(&baselines.reference), previous: of(&baselines.previous) };
    let bounds = match verdict::bounds(threshold, output, number, basis) {
        Ok(bounds) => bounds,
        Err(why) => return undefined(why),
    };
    let Some(number) = number else {
        let why = value.and_then(|value| value.note.clone()).unwrap_or_else(|| "it was not reported".into());
        return Verdict {
            note: Some(format!("`{name}` is undefined: {why}")),
            ..verdict_of(threshold, name, None, bounds)
        };
    };
    let error = value.and_then(|value| value.standard_error);
    let breached = verdict::is_breach(number, error, threshold.sampling_error, &bounds);
    Verdict { breached: Some(breached), ..verdict_of(threshold, name, Some(number), bounds) }
}

fn verdict_of(threshold: &Threshold, name: &str, value: Option<f64>, bounds: Bounds) -> Verdict {
    let level = match threshold.level {
        AlertLevel::Warning => "warning",
        AlertLevel::Critical => "critical",
    };
    let Bounds { lower, upper, note } = bounds;
    Verdict { threshold: 0, output: name.into(), level: level.into(), value, lower, upper, breached: None, note }
}

/// The worst level of a breach.
fn level(verdicts: &[Verdict]) -> &'static str {
    let breached =
        |level: &str| verdicts.iter().any(|verdict| verdict.breached == Some(true) && verdict.level == level);
    match () {
        () if breached("critical") => "critical",
        () if breached("warning") => "warning",
        () if verdicts.iter().any(|verdict| verdict.breached.is_some()) => "none",
        () => NOT_JUDGED,
    }
}
