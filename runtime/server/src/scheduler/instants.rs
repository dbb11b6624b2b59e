//! From due instants, and from new predictions, to due runs.

use driftline_core::Time;
use driftline_storage::{Awaiting, NewRun, Reason, Scheduling, Trigger};
use serde_json::json;
use uuid::Uuid;

use super::{Agenda, Instants, WATCHES, labels, plan::plan};
use crate::{app::App, problem::Problem};

/// Makes runs of what is due; gives how many.
///
/// # Errors
/// Those of the catalog.
pub(super) fn schedule(app: &App) -> Result<usize, Problem> {
    let mut due = 0;
    loop {
        let watches = app.storage.watches_due(WATCHES)?;
        let (count, now) = (watches.len(), app.storage.now());
        let moves = watches.into_iter().map(|watch| at_its_time(app, watch, now)).collect::<Result<_, Problem>>()?;
        due += app.storage.schedule(moves)?;
        if count < WATCHES {
            break;
        }
    }
    let fresh = app.storage.watches_with_rows()?.into_iter().filter(|watch| watch.trigger == Trigger::Data);
    let now = app.storage.now();
    let moves = fresh.filter_map(|watch| with_rows(app, watch, now).transpose()).collect::<Result<_, Problem>>()?;
    Ok(due + app.storage.schedule(moves)?)
}

/// What becomes of a watch whose time has come. One whose definition makes no sense is left until it is changed.
fn at_its_time(app: &App, watch: Awaiting, now: Time) -> Result<Scheduling, Problem> {
    let agenda = match app.scheduler.agenda(app, &watch) {
        Ok(Some(agenda)) => agenda,
        Ok(None) => return Ok(still(watch, Some(now))),
        Err(problem) if problem.is_refusal() => {
            tracing::error!(monitor = %watch.monitor, detail = problem.detail, "a monitor can't be scheduled");
            return Ok(still(watch, None));
        }
        Err(problem) => return Err(problem),
    };
    match &*agenda {
        Agenda::At(instants) => Ok(timed(&**instants, watch, now)),
        Agenda::Rows(_) => Ok(still(watch, None)),
        Agenda::Labels(rule) => labels::look(app, &**rule, watch, now),
    }
}

fn timed(instants: &dyn Instants, watch: Awaiting, now: Time) -> Scheduling {
    let plan = plan(instants, watch.scheduled_until, now);
    let jitter = instants.jitter(&watch.monitor, &watch.model);
    let start = |due: Time| jitter.map_or(due, |jitter| due.after(jitter));
    let mut runs: Vec<NewRun> = plan.runs.iter().map(|due| new(Reason::Schedule, *due, start(*due))).collect();
    if let Some((first, last)) = plan.skipped {
        let why = json!({"code": "not_caught_up", "first": first.to_string(), "last": last.to_string()});
        runs.push(NewRun { skipped: Some(why.to_string()), ..new(Reason::Schedule, last, last) });
    }
    Scheduling { until: plan.until, next_due: plan.next, runs, ..still(watch, None) }
}

fn with_rows(app: &App, watch: Awaiting, now: Time) -> Result<Option<Scheduling>, Problem> {
    let Some(agenda) = app.scheduler.agenda(app, &watch)? else { return Ok(None) };
    let Agenda::Rows(rows) = &*agenda else { return Ok(None) };
    if watch.received.predictions.saturating_sub(watch.seen.predictions) < *rows {
        return Ok(None);
    }
    // A clock that was set back must not bring a second run for an instant.
    let due = now.max(watch.scheduled_until);
    let (seen, runs) = (watch.received, vec![new(Reason::Data, due, now)]);
    Ok(Some(Scheduling { until: due, seen, runs, ..still(watch, None) }))
}

/// The watch as it is, to be looked at again at `next`.
pub(super) fn still(watch: Awaiting, next: Option<Time>) -> Scheduling {
    let (until, seen, note) = (watch.scheduled_until, watch.seen, watch.note.clone());
    Scheduling { watch, until, next_due: next, seen, note, runs: Vec::new() }
}

/// A run that is due.
pub(super) fn new(reason: Reason, due: Time, not_before: Time) -> NewRun {
    NewRun { id: Uuid::now_v7(), reason, due, not_before, batch: None, detail: "{}".into(), skipped: None }
}
