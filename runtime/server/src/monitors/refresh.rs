//! Results whose data have changed since: late labels, late rows, deletions.

use std::collections::BTreeMap;

use driftline_core::{Time, Window};
use driftline_storage::{ResultRecord, RunRecord};

use super::{
    baselines,
    context::Context,
    history::{History, Looked, look_at},
    look::{lanes, named},
    stale::{Held, stale},
    trouble::Trouble,
};
use crate::app::Shared;

/// The most windows that a run looks at again; the next run goes on.
const WINDOWS: usize = 500;

/// Looks again at windows that ended within `refresh_for` and whose results are stale, or are compared with something else
/// by now; but not at those in `looked_at`.
///
/// # Errors
/// When they can't be measured now.
pub async fn refresh(
    app: &Shared,
    context: &Context,
    (run, looked_at): (&RunRecord, &[Window]),
    known: &[ResultRecord],
    baselines: &mut baselines::Measured,
    history: &mut History,
) -> Result<Looked, Trouble> {
    let Some(refresh_for) = context.definition.refresh_for else { return Ok(Looked::default()) };
    let again = again(app, context, known, (run.due.before(refresh_for.0), looked_at)).await?;
    let slots = again.into_iter().take(WINDOWS).map(|window| context.single(window)).collect();
    // A run that only refreshes has its own evaluation first.
    let own = (run.reason == driftline_storage::Reason::Refresh).then_some(run.id);
    look_at(app, context, &named(lanes(slots), own), baselines, history).await
}

/// The windows to look at again, the latest first. Of each the results count that were read last: one of a slice that has
/// no rows any more is found by no run again.
async fn again(
    app: &Shared,
    context: &Context,
    known: &[ResultRecord],
    (since, looked_at): (Time, &[Window]),
) -> Result<Vec<Window>, Trouble> {
    let mut last: BTreeMap<(Time, Time), &ResultRecord> = BTreeMap::new();
    for record in known {
        let window = record.found.window;
        if window.end() > since && !looked_at.contains(&window) {
            let held = last.entry((window.end(), window.start())).or_insert(record);
            *held = if record.found.place > held.found.place { record } else { *held };
        }
    }
    let (windows, held): (Vec<Window>, Vec<Held>) =
        last.into_values().rev().map(|record| (record.found.window, Held::of(record))).unzip();
    let compared_otherwise = |(window, held): (&Window, &Held)| match (held.ground(), context.reference(*window)) {
        (Some(ground), Some(reference)) => !ground.reference.as_ref().is_some_and(|held| held.is_of(&reference)),
        (Some(ground), None) => ground.reference.is_some(),
        (None, _) => true,
    };
    let others: Vec<bool> = windows.iter().zip(&held).map(compared_otherwise).collect();
    let model = context.model.clone();
    let stale = app.blocking(move |app| stale(app, &model, &held)).await?;
    let again = windows.into_iter().zip(stale.into_iter().zip(others)).filter(|(_, (stale, other))| *stale || *other);
    Ok(again.map(|(window, _)| window).collect())
}
