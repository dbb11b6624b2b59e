//! What must be there after some deeds, kept the simplest way.

use std::collections::{BTreeMap, BTreeSet};

use driftline_core::Time;
use driftline_storage::{AlertFilter, DeliveryFilter, EvaluationFilter, RunFilter, RunStatus, Storage};

use super::script::{Deed, EXPIRED, GONE, HORIZON, MAIN, OLD};
use crate::{
    deletions::ID,
    summed::{self, Sum, sum_of},
    world::{Cells, Row, name, read},
};

/// Everything that can be seen.
#[derive(Debug, Default, PartialEq)]
pub struct Sight {
    /// Predictions with their latest labels, by time and id.
    models: BTreeMap<&'static str, Vec<Row>>,
    /// The models with a dataset.
    datasets: BTreeSet<&'static str>,
    /// The models that a run was about: with its evaluation, its result, its alert and what is told of that.
    watched: BTreeSet<&'static str>,
    /// What [`OLD`] shows or keeps of its rows, together.
    old: Sum,
}

impl Sight {
    /// What storage shows.
    pub fn of(storage: &Storage) -> Self {
        let mut sight = Self::default();
        for model in [MAIN, OLD, GONE] {
            let Some(found) = storage.model(&name(model)).expect("reads") else { continue };
            let snapshot = storage.snapshot(&found, None).expect("a snapshot");
            let rows = read(storage, &snapshot, None).expect("reads");
            if model == OLD {
                let kept = summed::sum(&snapshot.kept(summed::key()).expect("states"));
                let seen = sum_of(rows.iter().map(|row| row.id));
                sight.old = (seen.0 + kept.0, seen.1 + kept.1);
                // The horizon moves month by month, up to 30 days ago.
                let horizon = found.horizon.map(Time::micros);
                assert!(rows.iter().all(|row| row.time >= horizon) && horizon <= Some(HORIZON));
            } else if !rows.is_empty() {
                sight.models.insert(model, rows);
            }
            if let Some(dataset) = storage.dataset(&name(model), &name("train")).expect("reads") {
                storage.verify_dataset(&dataset).expect("a whole file");
                sight.datasets.insert(model);
            }
            if is_watched(storage, model) {
                sight.watched.insert(model);
            }
        }
        sight
    }
}

/// Whether a run over the model has ended, whole; half an end is none that there can be.
fn is_watched(storage: &Storage, model: &'static str) -> bool {
    let (model, monitor) = (name(model), name(&format!("watch-{model}")));
    let of = RunFilter { monitor: Some(monitor.clone()), model: Some(model.clone()), ..RunFilter::default() };
    let runs = storage.runs(&of, None, 9).expect("reads");
    assert!(runs.len() <= 1, "an instant is run once: {runs:?}");
    let ended = runs.iter().filter(|run| run.status == RunStatus::Succeeded).count();
    let of = EvaluationFilter { model: Some(model.clone()), ..EvaluationFilter::default() };
    let alerts = AlertFilter { model: Some(model.clone()), ..AlertFilter::default() };
    let told = storage.deliveries(&DeliveryFilter::default(), None, 9).expect("reads");
    let parts = [
        storage.evaluations(&of, None, 9).expect("reads").len(),
        storage.latest_results(&monitor, &model, Time::EPOCH, 9).expect("reads").len(),
        storage.alerts(&alerts, None, 9).expect("reads").len(),
        told.iter().filter(|delivery| delivery.model.as_ref() == Some(&model)).count(),
    ];
    assert_eq!(parts, [ended; 4], "the end of a run is whole");
    ended == 1
}

/// Predictions and labels of one model.
#[derive(Debug, Default)]
struct Kept {
    predictions: BTreeMap<u128, Row>,
    labels: BTreeMap<u128, Cells>,
    forgotten: BTreeSet<u128>,
}

impl Kept {
    fn take(&mut self, row: Row) {
        match row.time {
            _ if self.forgotten.contains(&row.id) => {}
            Some(_) => {
                self.predictions.entry(row.id).or_insert(row);
            }
            None => self.labels.entry(row.id).or_default().extend(row.cells),
        }
    }

    fn forget(&mut self, id: u128) {
        self.predictions.remove(&id);
        self.labels.remove(&id);
        self.forgotten.insert(id);
    }

    fn rows(&self) -> Vec<Row> {
        let joined = self.predictions.values().map(|row| {
            let mut row = row.clone();
            row.cells.extend(self.labels.get(&row.id).cloned().unwrap_or_default());
            row
        });
        let mut rows: Vec<Row> = joined.collect();
        rows.sort_by_key(|row| (row.time, row.id));
        rows
    }
}

/// What some deeds have brought about.
#[derive(Debug, Default)]
pub struct Ledger {
    models: BTreeMap<&'static str, Kept>,
    datasets: BTreeSet<&'static str>,
    watched: BTreeSet<&'static str>,
    /// Rows that came for time that is rolled up, and wait for the next time.
    late: Vec<Row>,
    has_rolled_up: bool,
}

impl Ledger {
    /// The ledger of these deeds.
    pub fn of(deeds: &[Deed]) -> Self {
        let mut ledger = Self::default();
        deeds.iter().for_each(|deed| ledger.take(deed));
        ledger
    }

    fn take(&mut self, deed: &Deed) {
        match deed {
            Deed::Append(model, _, rows) | Deed::Upload(model, _, rows) => {
                for row in rows.iter().cloned() {
                    if *model == OLD && self.has_rolled_up && row.time < Some(HORIZON) {
                        self.late.push(row);
                    } else {
                        self.models.entry(model).or_default().take(row);
                    }
                }
            }
            Deed::Dataset(model) => _ = self.datasets.insert(model),
            Deed::Watch(model) => _ = self.watched.insert(model),
            Deed::Retain(summary_days) => {
                self.has_rolled_up = true;
                let old = self.models.entry(OLD).or_default();
                self.late.drain(..).for_each(|row| old.take(row));
                if summary_days.is_some() {
                    old.predictions.retain(|_, row| row.time >= Some(EXPIRED));
                }
            }
            Deed::Delete => self.models.entry(MAIN).or_default().forget(ID),
            Deed::DeleteModel => {
                self.models.remove(GONE);
                self.datasets.remove(GONE);
                self.watched.remove(GONE);
            }
            Deed::Seal | Deed::Maintain | Deed::Erase => {}
        }
    }

    /// What must be seen.
    pub fn sight(&self) -> Sight {
        let shown = self.models.iter().filter(|(model, kept)| **model != OLD && !kept.predictions.is_empty());
        let old = self.models.get(OLD).map(|kept| sum_of(kept.predictions.keys().copied()));
        Sight {
            models: shown.map(|(model, kept)| (*model, kept.rows())).collect(),
            datasets: self.datasets.clone(),
            watched: self.watched.clone(),
            old: old.unwrap_or_default(),
        }
    }

    /// How many predictions there are.
    pub fn predictions(&self, model: &str) -> u64 {
        self.models.get(model).map_or(0, |kept| kept.predictions.len() as u64)
    }
}
