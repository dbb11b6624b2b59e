//! What a monitor would have told over the last 90 days; nothing is kept.

use std::collections::BTreeMap;

use driftline_core::{Name, Span, Time, Window};
use driftline_storage::AlertStatus;
use uuid::Uuid;

use super::{
    absence::Absence,
    backfill::{look_over, slots},
    context::Context,
    findings::{findings, measured},
    history::History,
    judged::{JudgedResult, Key},
    monitor::models,
    rules::alerting::{Circumstances, Standing, next},
    trouble::Trouble,
};
use crate::{
    app::Shared,
    problem::Problem,
    wire::{Instant, ItemName, MonitorDefinition, Preview, PreviewedAlert, PreviewedModel},
};

/// 90 days.
const SPAN_MICROS: i64 = 90 * 86_400_000_000;
/// The most models of a pattern that are tried out.
const MODELS: usize = 20;

/// What a monitor that was checked would have told up to `until`.
///
/// # Errors
/// Those of the catalog; what keeps a model from being looked at is told with it.
pub async fn preview(app: &Shared, definition: MonitorDefinition, until: Option<Time>) -> Result<Preview, Problem> {
    let end = until.unwrap_or(app.storage.now());
    let start = Span::from_micros(SPAN_MICROS).map_or(end, |span| end.before(span));
    let range = Window::new(start, end).map_err(|error| Problem::invalid("invalid_window", error.to_string()))?;
    let pattern = definition.model.clone();
    let mut previewed = Vec::new();
    for model in app.blocking(move |app| models(app, &pattern)).await?.into_iter().take(MODELS) {
        let name = ItemName(model.clone());
        previewed.push(match of_model(app, &definition, model, range).await {
            Ok(found) => found,
            Err(Trouble::Cannot { code, message }) => PreviewedModel {
                model: name,
                windows: 0,
                results: 0,
                not_judged: 0,
                breaches: 0,
                alerts: Vec::new(),
                trouble: Some(format!("{message} ({code})")),
            },
            Err(Trouble::Later(_)) => {
                let detail = "too many evaluations are under way: try again in a moment";
                let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
                return Err(Problem::busy(status, "evaluations_busy", detail, 1));
            }
        });
    }
    Ok(Preview { start: Instant(start), end: Instant(end), models: previewed })
}

async fn of_model(
    app: &Shared,
    definition: &MonitorDefinition,
    model: Name,
    range: Window,
) -> Result<PreviewedModel, Trouble> {
    let context = Context::new(app, "preview", model.clone(), definition.clone()).await?;
    let slots = slots(&context, range)?;
    let windows = slots.len() as u64;
    let looked = look_over(app, &context, Uuid::now_v7(), slots, &mut History::default()).await?;
    let results: Vec<JudgedResult> = looked.results.into_iter().map(|(result, _)| result).collect();
    let breaches = results.iter().filter(|result| matches!(result.level.as_str(), "warning" | "critical")).count();
    Ok(PreviewedModel {
        model: ItemName(model),
        windows,
        results: results.len() as u64,
        not_judged: results.iter().filter(|result| !result.is_judged()).count() as u64,
        breaches: breaches as u64,
        alerts: told(&context, results),
        trouble: looked.failure.map(|failure| format!("{} ({})", failure.message, failure.code)),
    })
}

/// What would have been told, run by run.
fn told(context: &Context, results: Vec<JudgedResult>) -> Vec<PreviewedAlert> {
    let mut by_window: BTreeMap<(Time, Time), Vec<JudgedResult>> = BTreeMap::new();
    for result in results {
        by_window.entry((result.window.end(), result.window.start())).or_default().push(result);
    }
    let (mut history, mut told) = (History::default(), Vec::new());
    let mut held: BTreeMap<Key, Standing> = BTreeMap::new();
    let mut resolved: BTreeMap<Key, Time> = BTreeMap::new();
    for ((end, _), results) in by_window {
        let now = context.definition.delay.map_or(end, |delay| end.after(delay.0));
        let measured = measured(&results);
        results.into_iter().for_each(|result| history.put(result));
        let absence = Absence::new(&context.definition, &history);
        let mut found = findings(&context.definition, &history, &measured);
        found.extend(held.keys().filter_map(|key| absence.of(key)));
        for found in found {
            if !found.fresh && !held.contains_key(&found.key) {
                continue;
            }
            let rules = &context.definition.alerts;
            let resolved_before = resolved.get(&found.key).copied();
            let around = Circumstances { now, rules, silenced_until: None, resolved_before };
            let Some(outcome) = next(held.get(&found.key).copied(), found.finding, around) else { continue };
            if let Some(event) = outcome.tell {
                let object = |text: &str| serde_json::from_str(text).unwrap_or_default();
                told.push(PreviewedAlert {
                    at: Instant(now),
                    event: event.name(),
                    level: outcome.standing.level,
                    slice: object(&found.key.0),
                    inputs: object(&found.key.1),
                    window: found.detail.window,
                    verdict: found.detail.verdict,
                });
            }
            if outcome.standing.status == AlertStatus::Resolved {
                held.remove(&found.key);
                resolved.insert(found.key, now);
            } else {
                held.insert(found.key, outcome.standing);
            }
        }
    }
    told
}
