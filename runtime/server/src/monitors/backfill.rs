//! Filling in the past: as few evaluations as there can be, judged in order of time. What is found changes no alert and is
//! told to nobody: it is history.

use driftline_core::{Time, Window};
use driftline_storage::{NewRun, Reason, RunEnd, RunRecord, RunStatus};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    agenda::cron,
    baselines,
    context::{Context, Slot},
    history::{History, Looked, look_at},
    look::{lanes, named},
    monitor::Monitor,
    rules::windows,
    run::KNOWN,
    trouble::Trouble,
};
use crate::{app::Shared, evaluations::Measured, problem::Problem, wire::Instant};

/// The most windows that are filled in at once.
const WINDOWS: usize = 10_000;

/// The time that is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillRange {
    /// Windows start at this time or later.
    pub start: Instant,
    /// They end at this time or before.
    pub end: Instant,
    /// How many there are.
    pub windows: u64,
}

/// Makes the runs of a backfill, one for each model; gives its id.
///
/// # Errors
/// 404 when there is no model, 422 when there is no window in that time.
pub async fn backfill(
    app: &Shared,
    monitor: &Monitor,
    range: Window,
    models: Vec<driftline_core::Name>,
) -> Result<(Uuid, Vec<RunRecord>), Problem> {
    let batch = Uuid::now_v7();
    let mut runs = Vec::new();
    let due = app.storage.now();
    for model in models {
        let context = Context::new(app, monitor.name.as_str(), model.clone(), monitor.definition.clone()).await?;
        let windows = slots(&context, range)?.len() as u64;
        if windows == 0 {
            let detail = "there is no whole window of the monitor in that time: widen it";
            return Err(Problem::invalid("invalid_window", detail).at("start"));
        }
        let detail = BackfillRange { start: Instant(range.start()), end: Instant(range.end()), windows };
        let detail = serde_json::to_string(&detail).map_err(Problem::internal)?;
        let reason = Reason::Backfill;
        runs.push((
            model,
            NewRun { id: Uuid::now_v7(), reason, due, not_before: due, batch: Some(batch), detail, skipped: None },
        ));
    }
    let name = monitor.name.clone();
    let records = app.blocking(move |app| app.storage.insert_runs(&name, runs)).await?;
    let own = records.first().and_then(|record| record.batch).unwrap_or(batch);
    app.scheduler.wake();
    Ok((own, records))
}

/// The windows in a range, as runs would have looked at them.
///
/// # Errors
/// 422 when there are too many.
pub fn slots(context: &Context, range: Window) -> Result<Vec<Slot>, Problem> {
    let definition = &context.definition;
    let found = match (definition.window.period, definition.window.last) {
        (Some(unit), _) => windows::periods(unit, range, &context.zone, WINDOWS + 1),
        (None, Some(_)) => match cron(definition.schedule.as_ref(), definition)? {
            Some(cron) => {
                let delay = definition.delay;
                let last_due = delay.map_or(range.end(), |delay| range.end().after(delay.0));
                let mut found = Vec::new();
                let mut due = cron.next_after(range.start());
                while let Some(at) = due.filter(|at| *at <= last_due && found.len() <= WINDOWS) {
                    let window = context.window_at(at, None);
                    found.extend(window.filter(|w| w.start() >= range.start() && w.end() <= range.end()));
                    due = cron.next_after(at);
                }
                found
            }
            None => match context.window_at(range.end(), None) {
                Some(window) => windows::cut(&definition.window, range, window, &context.zone, WINDOWS + 1),
                None => Vec::new(),
            },
        },
        (None, None) => {
            let detail = "a window since a deployment has no past: its start moves with the deployment";
            return Err(Problem::invalid("invalid_window", detail).at("window"));
        }
    };
    if found.len() > WINDOWS {
        let detail = format!("there are more than {WINDOWS} windows in that time: fill in less at once");
        return Err(Problem::invalid("too_many_periods", detail).at("end"));
    }
    let slot = |window: Window| context.slot(window).map_err(|trouble| Problem::internal(format!("{trouble:?}")));
    found.into_iter().map(slot).collect()
}

/// Does what a run of a backfill is to do.
///
/// # Errors
/// When it can't be done, or not now.
pub async fn run(app: &Shared, monitor: &Monitor, run: &RunRecord) -> Result<RunEnd, Trouble> {
    let range: BackfillRange = serde_json::from_str(&run.detail)
        .map_err(|error| Trouble::cannot("internal_error", format!("the run's range can't be read: {error}")))?;
    let range = Window::new(range.start.0, range.end.0)
        .map_err(|error| Trouble::cannot("invalid_window", error.to_string()))?;
    let context = Context::new(app, monitor.name.as_str(), run.model.clone(), monitor.definition.clone()).await?;
    let (name, model) = (monitor.name.clone(), run.model.clone());
    let known = app.blocking(move |app| app.storage.latest_results(&name, &model, Time::EPOCH, KNOWN)).await?;
    let mut history = History::of(&known);
    let looked = look_over(app, &context, run.id, slots(&context, range)?, &mut history).await?;
    let (status, outcome) = match &looked.failure {
        Some(failure) => (RunStatus::Failed, json!({"code": "plugin_failed", "message": failure.message})),
        None => (RunStatus::Succeeded, json!({})),
    };
    let kept = move |_: &crate::app::App| {
        Ok::<_, Problem>(RunEnd {
            status,
            outcome: outcome.to_string(),
            evaluations: looked.measured.iter().map(Measured::kept).collect(),
            results: looked.results.iter().map(|(result, origin)| result.kept(origin)).collect(),
            judge: Box::new(|_| Vec::new()),
        })
    };
    Ok(app.blocking(kept).await?)
}

/// Looks at windows, as many as possible in one evaluation; the first has the id.
///
/// # Errors
/// When they can't be measured, or not now.
pub async fn look_over(
    app: &Shared,
    context: &Context,
    id: Uuid,
    slots: Vec<Slot>,
    history: &mut History,
) -> Result<Looked, Trouble> {
    let mut baselines = baselines::Measured::begin(app).await?;
    look_at(app, context, &named(lanes(slots), Some(id)), &mut baselines, history).await
}
