//! Results whose data have changed since: late labels, late rows.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use driftline_core::{Name, Time, Window};
use driftline_storage::{ReceivedRows, ResultRecord, RunRecord};
use uuid::Uuid;

use super::{
    baselines,
    context::{Context, Slot},
    history::{History, Looked, look_at},
    look::{digest, lanes},
    trouble::Trouble,
};
use crate::app::Shared;

/// The most windows that a run looks at again; the next run goes on.
const WINDOWS: usize = 500;

/// How many rows of a model had come when a monitor last found its results to be as the data say.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashMap<(String, Name), ReceivedRows>>);

impl Seen {
    fn is(&self, place: &(String, Name), rows: ReceivedRows) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(place) == Some(&rows)
    }

    fn note(&self, place: (String, Name), rows: ReceivedRows) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place, rows);
    }
}

/// Looks again at windows that ended within `refresh_for` and whose data have changed, but not at the run's own.
///
/// # Errors
/// When they can't be measured now.
pub async fn refresh(
    app: &Shared,
    context: &Context,
    (run, own): (&RunRecord, Window),
    known: &[ResultRecord],
    baselines: &mut baselines::Measured,
    history: &mut History,
) -> Result<Looked, Trouble> {
    let mut looked = Looked::default();
    let Some(refresh_for) = context.definition.refresh_for else { return Ok(looked) };
    let place = (context.monitor.clone(), context.model.clone());
    let model = context.model.clone();
    let received = app
        .blocking(move |app| {
            let model = app.model(&model)?;
            Ok::<_, crate::problem::Problem>(app.storage.received_rows(&model)?)
        })
        .await?;
    if app.seen.is(&place, received) {
        return Ok(looked);
    }
    let since = run.due.before(refresh_for.0);
    let stale = stale(app, context, known, (since, own)).await?;
    let complete = stale.len() <= WINDOWS;
    let slots = stale.into_iter().take(WINDOWS).map(|window| context.single(window)).collect();
    for (number, lane) in lanes(slots).iter().enumerate() {
        // A run that only refreshes has its own evaluation first.
        let first = number == 0 && run.reason == driftline_storage::Reason::Refresh;
        let id = if first { run.id } else { Uuid::now_v7() };
        looked.add(look_at(app, context, (id, lane), baselines, history).await?);
    }
    if complete {
        app.seen.note(place, received);
    }
    Ok(looked)
}

async fn stale(
    app: &Shared,
    context: &Context,
    known: &[ResultRecord],
    (since, own): (Time, Window),
) -> Result<Vec<Window>, Trouble> {
    let own: HashSet<Window> = context.slot(own)?.periods.into_iter().collect();
    let mut asked: HashMap<Window, &str> = HashMap::new();
    for record in known.iter().filter(|record| record.found.window.end() > since) {
        if !own.contains(&record.found.window) {
            asked.entry(record.found.window).or_insert(&record.found.digest);
        }
    }
    let mut stale = Vec::new();
    for (window, held) in asked {
        let slot: Slot = context.single(window);
        if digest(app, context, &slot, window).await? != held {
            stale.push(window);
        }
        if stale.len() > WINDOWS {
            break;
        }
    }
    stale.sort_unstable_by_key(|window| std::cmp::Reverse(window.end()));
    Ok(stale)
}
