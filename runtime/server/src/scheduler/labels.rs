//! Windows that wait for their labels: a run is due when enough of a window's predictions have one.

use driftline_core::{Span, Time, Window};
use driftline_storage::{Awaiting, Reason, Scheduling, Trigger};
use serde_json::{Value, json};

use super::{
    Agenda, LabelRule,
    instants::{new, still},
};
use crate::{app::App, problem::Problem};

/// Labels of one watch are counted no more often than this.
const COUNT_EVERY_MICROS: i64 = 60_000_000;
/// The windows of a watch that wait; of more, the older ones are given up.
const WAITING: usize = 64;

/// Makes runs of the windows of which enough labels have come; gives how many.
///
/// # Errors
/// Those of the catalog.
pub(super) fn schedule(app: &App) -> Result<usize, Problem> {
    let now = app.storage.now();
    let fresh = app.storage.watches_with_rows()?.into_iter();
    let mut moves = Vec::new();
    for watch in fresh.filter(|watch| watch.trigger == Trigger::Labels && may_count(watch, now)) {
        if let Some(agenda) = app.scheduler.agenda(app, &watch)?
            && let Agenda::Labels(rule) = &*agenda
        {
            moves.push(look(app, &**rule, watch, now)?);
        }
    }
    Ok(app.storage.schedule(moves)?)
}

/// Looks at the windows of a watch that have ended and are not run.
///
/// # Errors
/// Those of the catalog and of files of labels.
pub(super) fn look(app: &App, rule: &dyn LabelRule, watch: Awaiting, now: Time) -> Result<Scheduling, Problem> {
    let ended = ended(rule, watch.scheduled_until, now);
    let next = rule.next_after(now);
    let windows: Vec<Window> = ended.iter().filter_map(|due| rule.window(*due)).collect();
    let mut reached = vec![false; ended.len()];
    if windows.len() == ended.len()
        && !ended.is_empty()
        && let Some(model) = app.storage.model(&watch.model)?
    {
        for (reached, counts) in reached.iter_mut().zip(app.storage.label_coverage(&model, &windows)?) {
            *reached = counts.predictions > 0 && counts.labelled as f64 >= rule.coverage() * counts.predictions as f64;
        }
    }
    let of = |is: bool| ended.iter().zip(&reached).filter(move |(_, reached)| **reached == is).map(|(due, _)| *due);
    // What is run is found again by its instant, so that nothing is lost when this stays where the first one waits.
    let first_waiting = of(false).next();
    let until = match first_waiting {
        Some(waits) => ended.iter().copied().take_while(|due| *due < waits).last().unwrap_or(watch.scheduled_until),
        None => ended.last().copied().unwrap_or(watch.scheduled_until),
    };
    let runs = of(true).map(|due| new(Reason::Labels, due, now)).collect();
    let (seen, note) = (watch.received, json!({"counted": now.micros()}).to_string());
    Ok(Scheduling { until, seen, note, runs, ..still(watch, next) })
}

/// The last instants after `from` up to `now`.
fn ended(rule: &dyn LabelRule, from: Time, now: Time) -> Vec<Time> {
    let mut ended = std::collections::VecDeque::new();
    let mut next = rule.next_after(from);
    while let Some(due) = next.filter(|due| *due <= now) {
        if ended.len() == WAITING {
            ended.pop_front();
        }
        ended.push_back(due);
        next = rule.next_after(due);
    }
    ended.into()
}

fn may_count(watch: &Awaiting, now: Time) -> bool {
    let counted = serde_json::from_str::<Value>(&watch.note).ok();
    let counted = counted.as_ref().and_then(|note| note.get("counted")?.as_i64());
    let since = counted.and_then(|micros| Time::from_micros(micros).ok());
    let Some((since, pause)) = since.zip(Span::from_micros(COUNT_EVERY_MICROS)) else { return true };
    // A clock that was set back does not make it wait longer.
    now >= since.after(pause) || now < since
}
