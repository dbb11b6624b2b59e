//! What is known of windows: kept results, and those of a run before they are kept.

use std::{collections::HashMap, sync::Arc};

use driftline_core::{Time, Window};
use driftline_storage::ResultRecord;
use uuid::Uuid;

use super::{
    baselines,
    context::Context,
    ground::{Compared, Ground, Origin},
    judged::{Baselines, JudgedResult, Key, judge},
    look::{Lane, Rows, measure},
    trouble::Trouble,
};
use crate::{
    app::Shared,
    evaluations::Measured,
    wire::{Evaluation, Failure, RowCounts, WindowResult},
};

/// The latest result of each window and key.
#[derive(Default)]
pub struct History(HashMap<Key, Vec<JudgedResult>>);

impl History {
    /// What was kept.
    pub fn of(records: &[ResultRecord]) -> Self {
        let mut history = Self::default();
        records.iter().filter_map(JudgedResult::of).for_each(|result| history.put(result));
        history
    }

    /// Takes in a result, in place of an earlier one of the same window.
    pub fn put(&mut self, result: JudgedResult) {
        let known = self.0.entry(result.key.clone()).or_default();
        known.retain(|other| other.window != result.window);
        let at = known.partition_point(|other| place(other.window) > place(result.window));
        known.insert(at, result);
    }

    /// What is known of a key, the latest window first.
    pub fn of_key(&self, key: &Key) -> &[JudgedResult] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The windows of each key, by end and start, the latest first.
    pub fn places(&self) -> impl Iterator<Item = (&Key, Vec<(Time, Time)>)> {
        self.0.iter().map(|(key, known)| (key, known.iter().map(|result| place(result.window)).collect()))
    }

    /// The result of the last window that ended before `window` did and started before it, for each key.
    fn before(&self, window: Window) -> impl Iterator<Item = (&Key, &JudgedResult)> {
        let earlier =
            move |result: &&JudgedResult| result.window.end() < window.end() && result.window.start() < window.start();
        self.0.iter().filter_map(move |(key, known)| Some((key, known.iter().find(earlier)?)))
    }
}

fn place(window: Window) -> (Time, Time) {
    (window.end(), window.start())
}

/// What came of looking at some windows.
#[derive(Default)]
pub struct Looked {
    /// The evaluations.
    pub measured: Vec<Measured>,
    /// The results, in order of time, each with where it comes from.
    pub results: Vec<(JudgedResult, Origin)>,
    /// All rows.
    pub rows: RowCounts,
    /// The first failure of the plugin.
    pub failure: Option<Failure>,
}

/// A window that was measured, to be judged.
struct Seen {
    evaluation: Arc<Evaluation>,
    id: Uuid,
    period: Window,
    baselines: Baselines,
    ground: Ground,
}

/// Looks at the windows of lanes, each in an evaluation of its own, and judges them in order of time; `history` learns what
/// they say.
///
/// # Errors
/// When the request makes no sense for the model now, or too many evaluations are under way.
pub async fn look_at(
    app: &Shared,
    context: &Context,
    lanes: &[(Uuid, Lane)],
    baselines: &mut baselines::Measured,
    history: &mut History,
) -> Result<Looked, Trouble> {
    let mut looked = Looked::default();
    let mut seen = Vec::new();
    for (id, lane) in lanes {
        let reference = lane.slots.first().and_then(|slot| slot.reference.as_ref());
        let reference = Compared::of(app, context, reference).await?;
        let Rows { measured, columns } = measure(app, context, *id, lane).await?;
        let ground = Ground::of(columns, reference);
        for slot in &lane.slots {
            let baselines = baselines.of(app, context, slot).await?;
            seen.extend(slot.periods.iter().map(|period| Seen {
                evaluation: measured.evaluation.clone(),
                id: *id,
                period: *period,
                baselines: baselines.clone(),
                ground: ground.clone(),
            }));
        }
        looked.failure = looked.failure.take().or_else(|| measured.evaluation.failure.clone());
        looked.measured.push(measured);
    }
    seen.sort_by_key(|seen| place(seen.period));
    seen.into_iter().for_each(|seen| looked.judge(context, seen, baselines.place(), history));
    Ok(looked)
}

/// The time from the start of the earlier to the end of the later of two windows.
fn around(a: Window, b: Window) -> Window {
    Window::new(a.start().min(b.start()), a.end().max(b.end())).unwrap_or(a)
}

fn place_of(result: &WindowResult) -> (Time, Time) {
    (result.window.end.0, result.window.start.0)
}

impl Looked {
    fn judge(&mut self, context: &Context, seen: Seen, read_up_to: i64, history: &mut History) {
        let Seen { evaluation, id, period, mut baselines, mut ground } = seen;
        let results = evaluation.results.iter().flatten().filter(|result| place_of(result) == place(period));
        let results: Vec<&WindowResult> = results.collect();
        for result in &results {
            self.rows.read += result.rows.read;
            self.rows.used += result.rows.used;
            self.rows.missing += result.rows.missing;
        }
        if context.compares_with_previous() {
            baselines.previous = history.before(period).map(|(key, result)| (key.clone(), result.numbers())).collect();
            ground.previous = history.before(period).map(|(_, result)| result.window).reduce(around).map(Into::into);
        }
        let data = evaluation.lineage.as_ref().map(|lineage| lineage.data.clone()).unwrap_or_default();
        let origin = Origin { data, place: read_up_to, ground: ground.written() };
        for result in judge(&context.definition, &context.description, &results, &baselines, id) {
            history.put(result.clone());
            self.results.push((result, origin.clone()));
        }
    }

    /// Adds what came of other windows.
    pub fn add(&mut self, other: Self) {
        self.measured.extend(other.measured);
        self.results.extend(other.results);
        self.rows.read += other.rows.read;
        self.rows.used += other.rows.used;
        self.rows.missing += other.rows.missing;
        self.failure = self.failure.take().or(other.failure);
    }
}
