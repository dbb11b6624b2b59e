//! What a run of a monitor does.

use std::time::Duration;

use driftline_core::{Name, Span, Time, Window};
use driftline_storage::{
    AlertChange, AlertKind, AlertRecord, AlertStatus, MonitorRecord, NewAlert, NewEvent, NewResult, RunEnd, RunRecord,
    RunStatus,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    app::{App, Shared},
    handlers::evaluations::order::order,
    problem::Problem,
    scheduler::{Agenda, CatchUp, Instants},
    wire::{EvaluationRequest, EvaluationStatus, Length},
};

/// A run can't begin now, through no fault of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// How long to wait.
    pub after: Duration,
}

#[derive(Deserialize)]
struct Definition {
    plugin: String,
    #[serde(default)]
    inputs: serde_json::Map<String, serde_json::Value>,
    last: Length,
    schedule: Every,
    #[serde(default)]
    catch_up_all: bool,
}

#[derive(Deserialize)]
struct Every {
    every: Option<Length>,
    rows: Option<u64>,
}

struct Regular {
    every: Span,
    catch_up: CatchUp,
}

impl Instants for Regular {
    fn next_after(&self, time: Time) -> Option<Time> {
        let every = self.every.micros();
        Time::from_micros((time.micros().div_euclid(every) + 1) * every).ok()
    }

    fn catch_up(&self) -> CatchUp {
        self.catch_up
    }

    fn jitter(&self, _monitor: &Name, _model: &Name) -> Option<Span> {
        None
    }
}

fn read(monitor: &MonitorRecord) -> Result<Definition, Problem> {
    serde_json::from_str(&monitor.definition)
        .map_err(|error| Problem::invalid("invalid_definition", error.to_string()))
}

/// When the monitor runs.
pub fn agenda(monitor: &MonitorRecord) -> Result<Agenda, Problem> {
    let definition = read(monitor)?;
    let catch_up = if definition.catch_up_all { CatchUp::All } else { CatchUp::Latest };
    Ok(match (definition.schedule.every, definition.schedule.rows) {
        (Some(every), _) => Agenda::At(Box::new(Regular { every: every.0, catch_up })),
        (None, rows) => Agenda::Rows(rows.unwrap_or(1)),
    })
}

/// Carries a run out.
pub async fn run(app: &Shared, monitor: &MonitorRecord, run: &RunRecord) -> Result<RunEnd, Later> {
    match evaluated(app, monitor, run).await {
        Ok(end) => Ok(end),
        Err(problem) if !problem.is_refusal() => Err(Later { after: Duration::from_secs(1) }),
        Err(problem) => Ok(gave_up(monitor, run, "invalid", problem.detail)),
    }
}

async fn evaluated(app: &Shared, monitor: &MonitorRecord, run: &RunRecord) -> Result<RunEnd, Problem> {
    let definition = read(monitor)?;
    let window = Window::new(run.due.before(definition.last.0), run.due).map_err(Problem::internal)?;
    let request = json!({
        "model": run.model.as_str(), "plugin": definition.plugin, "inputs": definition.inputs,
        "window": {"start": window.start().to_string(), "end": window.end().to_string()},
    });
    let request: EvaluationRequest = serde_json::from_value(request).map_err(Problem::internal)?;
    let order = order(request, None)?;
    let plan = app.evaluator.plan(order.request.clone()).await?;
    let measured = app.evaluations.measure(run.id, plan, &order).await?;
    let evaluation = measured.evaluation.clone();
    if evaluation.status != EvaluationStatus::Succeeded {
        let failure = evaluation.failure.as_ref().map_or_else(String::new, |failure| failure.message.clone());
        return Ok(RunEnd { evaluations: vec![measured.kept()], ..gave_up(monitor, run, "plugin_failed", failure) });
    }
    let results = evaluation.results.iter().flatten().map(|result| NewResult {
        window,
        slice: json!(result.slice).to_string(),
        inputs: json!(result.inputs).to_string(),
        level: "none".into(),
        rows: result.rows.used,
        detail: json!(result.values).to_string(),
        evaluation: run.id,
        digest: String::new(),
    });
    Ok(RunEnd {
        status: RunStatus::Succeeded,
        outcome: "{}".into(),
        results: results.collect(),
        evaluations: vec![measured.kept()],
        judge: Box::new(|docket| {
            let resolved = docket.alerts.iter().map(|alert| AlertChange {
                alert: NewAlert {
                    status: AlertStatus::Resolved,
                    resolved: Some(docket.now),
                    ..NewAlert::from(alert.clone())
                },
                events: vec![NewEvent { kind: "resolved".into(), detail: "{}".into() }],
                deliveries: Vec::new(),
            });
            resolved.collect()
        }),
    })
}

/// The end of a run that can't do what it was to.
pub fn gave_up(_monitor: &MonitorRecord, _run: &RunRecord, code: &'static str, why: String) -> RunEnd {
    let outcome = json!({"code": code, "message": why}).to_string();
    RunEnd {
        status: RunStatus::Failed,
        outcome: outcome.clone(),
        evaluations: Vec::new(),
        results: Vec::new(),
        judge: Box::new(move |docket| {
            let held = docket.alerts.iter().find(|alert| alert.kind == AlertKind::CannotRun).cloned();
            let event = if held.is_some() { "updated" } else { "opened" };
            let alert = held.map_or_else(
                || NewAlert {
                    id: Uuid::now_v7(),
                    kind: AlertKind::CannotRun,
                    slice: "{}".into(),
                    inputs: "{}".into(),
                    status: AlertStatus::Open,
                    level: "critical".into(),
                    opened: docket.now,
                    resolved: None,
                    look_at: None,
                    state: outcome.clone(),
                },
                NewAlert::from,
            );
            let events = vec![NewEvent { kind: event.into(), detail: outcome }];
            vec![AlertChange { alert, events, deliveries: Vec::new() }]
        }),
    }
}

/// Looks at an alert without a run.
pub fn look(app: &App, alert: &AlertRecord) -> Result<(), Problem> {
    app.storage.change_alert(alert.id, |held, _| {
        let alert = NewAlert { look_at: None, ..NewAlert::from(held.clone()) };
        Ok(vec![AlertChange { alert, events: Vec::new(), deliveries: Vec::new() }])
    })?;
    Ok(())
}
