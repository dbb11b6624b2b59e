//! A run from its claim to its end.

use std::time::Duration;

use driftline_core::Window;
use driftline_storage::{MonitorRecord, Reason, RunEnd, RunRecord, RunStatus};
use serde_json::json;

use super::{
    absence::Absence,
    alerts::{Ruled, judge},
    backfill, baselines,
    context::Context,
    findings::{Found, can_run, cannot_run, findings, measured},
    history::{History, Looked, look_at},
    look::{Lane, named},
    monitor::{self, Monitor},
    refresh,
    trouble::Trouble,
};
use crate::{app::Shared, problem::Problem};

/// A run that is to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// After so much time.
    pub after: Duration,
}

/// Results that are looked through for what came before.
pub const KNOWN: usize = 10_000;

/// Does what a run is to do. Nothing is kept yet: what it gives is kept with its end, or not at all.
///
/// # Errors
/// [`Later`] when it can't be done now.
pub async fn run(app: &Shared, record: &MonitorRecord, run: &RunRecord) -> Result<RunEnd, Later> {
    let monitor = match monitor::read(record) {
        Ok(monitor) => monitor,
        Err(problem) => return Ok(gave_up(record, run, "internal_error", problem.detail)),
    };
    let outcome = match run.reason {
        Reason::Backfill => backfill::run(app, &monitor, run).await,
        _ => look_and_judge(app, &monitor, run).await,
    };
    match outcome {
        Ok(end) => Ok(end),
        Err(Trouble::Later(after)) => Err(Later { after }),
        Err(Trouble::Cannot { code, message }) => {
            let found = match run.reason {
                Reason::Backfill => Vec::new(),
                _ => vec![cannot_run(&monitor.definition, &code, &message)],
            };
            failed(app, &monitor, run, &code, &message, found).await.map_err(|trouble| match trouble {
                Trouble::Later(after) => Later { after },
                Trouble::Cannot { .. } => Later { after: Duration::from_secs(1) },
            })
        }
    }
}

/// The end of a run that is given up whatever it found.
pub fn gave_up(record: &MonitorRecord, run: &RunRecord, code: &str, why: String) -> RunEnd {
    let judge = match monitor::read(record) {
        Ok(monitor) if run.reason != Reason::Backfill => {
            let rules = monitor.definition.alerts.clone();
            let (monitor_name, model) = (monitor.name.to_string(), run.model.to_string());
            let ruled = Ruled { monitor: monitor_name, model, rules, resolved: Default::default() };
            judge(ruled, vec![cannot_run(&monitor.definition, code, &why)], None)
        }
        _ => Box::new(|_: &driftline_storage::Docket| Vec::new()),
    };
    let outcome = json!({"code": code, "message": why}).to_string();
    RunEnd { status: RunStatus::Failed, outcome, evaluations: Vec::new(), results: Vec::new(), judge }
}

async fn failed(
    app: &Shared,
    monitor: &Monitor,
    run: &RunRecord,
    code: &str,
    message: &str,
    found: Vec<Found>,
) -> Result<RunEnd, Trouble> {
    let judge = judge(ruled(app, monitor, run).await?, found, None);
    let outcome = json!({"code": code, "message": message}).to_string();
    Ok(RunEnd { status: RunStatus::Failed, outcome, evaluations: Vec::new(), results: Vec::new(), judge })
}

async fn ruled(app: &Shared, monitor: &Monitor, run: &RunRecord) -> Result<Ruled, Trouble> {
    let (name, model, rules) = (monitor.name.to_string(), run.model.to_string(), monitor.definition.alerts.clone());
    Ok(app.blocking(move |app| Ruled::new(app, &name, &model, &rules)).await?)
}

async fn look_and_judge(app: &Shared, monitor: &Monitor, run: &RunRecord) -> Result<RunEnd, Trouble> {
    let mut baselines = baselines::Measured::begin(app).await?;
    let context = Context::new(app, monitor.name.as_str(), run.model.clone(), monitor.definition.clone()).await?;
    let window = context.window(app, run.due).await?;
    let (name, model) = (monitor.name.clone(), run.model.clone());
    let known =
        app.blocking(move |app| app.storage.latest_results(&name, &model, driftline_core::Time::EPOCH, KNOWN)).await?;
    let mut history = History::of(&known);
    let slots = if run.reason == Reason::Refresh { Vec::new() } else { vec![context.slot(window)?] };
    let looked_at: Vec<Window> = slots.iter().flat_map(|slot| slot.periods.clone()).collect();
    let own = named(if slots.is_empty() { Vec::new() } else { vec![Lane { slots }] }, Some(run.id));
    // First what came before: a change may be counted from it.
    let refreshed = refresh::refresh(app, &context, (run, &looked_at), &known, &mut baselines, &mut history).await?;
    let mut looked = look_at(app, &context, &own, &mut baselines, &mut history).await?;
    let trouble = trouble(&looked, window).filter(|_| run.reason != Reason::Refresh);
    looked.add(refreshed);
    end(app, monitor, run, looked, &history, trouble).await
}

/// What keeps the newest window from being judged at all.
fn trouble(looked: &Looked, window: Window) -> Option<(String, String)> {
    if let Some(failure) = &looked.failure {
        return Some(("plugin_failed".into(), format!("{}: {}", failure.code, failure.message)));
    }
    if looked.rows.read == 0 {
        return Some(("no_data".into(), format!("there are no rows in {window}: does the model still predict?")));
    }
    if looked.rows.used == 0 {
        let detail = format!(
            "all {} rows in {window} miss a required input, such as the label: are the labels late? `delay` waits for them",
            looked.rows.read
        );
        return Some(("labels_missing".into(), detail));
    }
    None
}

async fn end(
    app: &Shared,
    monitor: &Monitor,
    run: &RunRecord,
    looked: Looked,
    history: &History,
    trouble: Option<(String, String)>,
) -> Result<RunEnd, Trouble> {
    let measured = measured(looked.results.iter().map(|(result, _)| result));
    let mut found = findings(&monitor.definition, history, &measured);
    let (status, outcome) = match &trouble {
        Some((code, message)) => {
            found.push(cannot_run(&monitor.definition, code, message));
            (RunStatus::Failed, json!({"code": code, "message": message}))
        }
        None => {
            found.push(can_run());
            (RunStatus::Succeeded, json!({}))
        }
    };
    let absence = Absence::new(&monitor.definition, history);
    let judge = judge(ruled(app, monitor, run).await?, found, Some(absence));
    let kept = move |_: &crate::app::App| {
        Ok::<_, Problem>(RunEnd {
            status,
            outcome: outcome.to_string(),
            evaluations: looked.measured.iter().map(crate::evaluations::Measured::kept).collect(),
            results: looked.results.iter().map(|(result, origin)| result.kept(origin)).collect(),
            judge,
        })
    };
    Ok(app.blocking(kept).await?)
}
