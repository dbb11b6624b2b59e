//! What is known of windows: kept results, and those of a run before they are kept.

use std::collections::HashMap;

use driftline_core::{Time, Window};
use driftline_storage::ResultRecord;
use uuid::Uuid;

use super::{
    baselines,
    context::Context,
    ground::{Compared, Ground, Origin},
    judged::{JudgedResult, Key, judge},
    look::{Lane, Rows, measure},
    trouble::Trouble,
};
use crate::{
    app::Shared,
    evaluations::Measured,
    wire::{Failure, RowCounts, WindowResult},
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

    /// The numbers of the last window that ended before `window` did and started before it, for each key.
    fn before(&self, window: Window) -> HashMap<Key, HashMap<String, f64>> {
        let earlier =
            |result: &&JudgedResult| result.window.end() < window.end() && result.window.start() < window.start();
        let latest =
            self.0.iter().filter_map(|(key, known)| Some((key.clone(), known.iter().find(earlier)?.numbers())));
        latest.collect()
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

/// Looks at the windows of a lane and judges them in order of time; `history` learns what they say.
///
/// # Errors
/// When the request makes no sense for the model now, or too many evaluations are under way.
pub async fn look_at(
    app: &Shared,
    context: &Context,
    (id, lane): (Uuid, &Lane),
    baselines: &mut baselines::Measured,
    history: &mut History,
) -> Result<Looked, Trouble> {
    let reference = lane.slots.first().and_then(|slot| slot.reference.as_ref());
    let reference = Compared::of(app, context, reference).await?;
    let Rows { measured, columns } = measure(app, context, id, lane).await?;
    let evaluation = measured.evaluation.clone();
    let mut looked = Looked { failure: evaluation.failure.clone(), ..Looked::default() };
    let results: Vec<&WindowResult> = evaluation.results.iter().flatten().collect();
    let data = evaluation.lineage.as_ref().map(|lineage| lineage.data.clone()).unwrap_or_default();
    let origin = Origin { data, place: baselines.place(), ground: Ground::of(columns, reference).written() };
    for slot in &lane.slots {
        let held = baselines.of(app, context, slot).await?;
        for period in &slot.periods {
            let of_period: Vec<&WindowResult> =
                results.iter().filter(|result| place_of(result) == place(*period)).copied().collect();
            for result in &of_period {
                looked.rows.read += result.rows.read;
                looked.rows.used += result.rows.used;
                looked.rows.missing += result.rows.missing;
            }
            let held = super::judged::Baselines { previous: history.before(*period), ..held.clone() };
            for result in judge(&context.definition, &context.description, &of_period, &held, id) {
                history.put(result.clone());
                looked.results.push((result, origin.clone()));
            }
        }
    }
    looked.measured.push(measured);
    Ok(looked)
}

fn place_of(result: &WindowResult) -> (Time, Time) {
    (result.window.end.0, result.window.start.0)
}

impl Looked {
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
