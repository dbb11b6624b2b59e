//! Which results rest on data that have changed since: without reading any rows but those that late labels are about.

use std::collections::{BTreeSet, HashMap};

use driftline_core::{Name, Window};
use driftline_storage::{Changes, Error, ResultRecord};

use super::ground::{Compared, Ground};
use crate::{
    app::App,
    wire::{ItemName, WindowBounds},
};

/// What is asked of a result.
#[derive(Debug, Clone)]
pub struct Held {
    window: Window,
    place: i64,
    /// None when nobody knows.
    ground: Option<Ground>,
}

impl Held {
    /// That of a record.
    pub fn of(record: &ResultRecord) -> Self {
        let found = &record.found;
        let ground = Some(found).filter(|found| found.place > 0).and_then(|found| Ground::read(&found.basis));
        Self { window: found.window, place: found.place, ground }
    }

    /// What it rests on; none when nobody knows.
    pub fn ground(&self) -> Option<&Ground> {
        self.ground.as_ref()
    }

    fn windows(&self) -> impl Iterator<Item = Window> {
        let read = |bounds: &WindowBounds| Window::new(bounds.start.0, bounds.end.0).ok();
        let reference = match self.ground.as_ref().and_then(|ground| ground.reference.as_ref()) {
            Some(Compared::Window(bounds)) => read(bounds),
            _ => None,
        };
        let previous = self.ground.as_ref().and_then(|ground| read(ground.previous.as_ref()?));
        [Some(self.window), reference, previous].into_iter().flatten()
    }
}

/// Which of the results bear the mark: those that hold now and whose data have changed since they were read.
///
/// # Errors
/// Those of storage.
pub fn marks(app: &App, records: &[ResultRecord]) -> Result<Vec<bool>, Error> {
    let mut marks = vec![false; records.len()];
    let models: BTreeSet<&Name> = records.iter().map(|record| &record.model).collect();
    for model in models {
        let present = |(_, record): &(usize, &ResultRecord)| record.model == *model && record.superseded.is_none();
        let (places, held): (Vec<usize>, Vec<Held>) =
            records.iter().enumerate().filter(present).map(|(at, record)| (at, Held::of(record))).unzip();
        for (at, is_stale) in places.into_iter().zip(stale(app, model, &held)?) {
            if let Some(mark) = marks.get_mut(at) {
                *mark = is_stale;
            }
        }
    }
    Ok(marks)
}

/// Whether the data of each of a model's results have changed since they were read: predictions came, or were deleted, or
/// got labels in a column that was read, in the result's window, the one it is compared with, or the one before from which a change is counted, or the dataset is another.
/// Time is told in quarters of hours, so that here and there a result counts as stale without being it. The other way round
/// does not happen: of what nobody knows the answer is yes.
///
/// # Errors
/// Those of storage.
pub fn stale(app: &App, model: &Name, held: &[Held]) -> Result<Vec<bool>, Error> {
    let known: Vec<&Held> = held.iter().filter(|held| held.ground.is_some()).collect();
    let since = known.iter().map(|held| held.place).min();
    let changes = match (since, app.storage.model(model)?) {
        (Some(since), Some(model)) => {
            let windows: Vec<Window> = known.iter().flat_map(|held| held.windows()).collect();
            app.storage.changes(&model, since, &windows)?
        }
        _ => Changes::default(),
    };
    let mut datasets = Datasets { app, model, known: HashMap::new() };
    held.iter().map(|held| is_stale(held, &changes, &mut datasets)).collect()
}

fn is_stale(held: &Held, changes: &Changes, datasets: &mut Datasets<'_>) -> Result<bool, Error> {
    let Some(ground) = &held.ground else { return Ok(true) };
    if held.windows().any(|window| changes.touch(window, held.place, ground.columns.as_deref())) {
        return Ok(true);
    }
    match &ground.reference {
        Some(Compared::Dataset { name, digest }) => Ok(datasets.digest(name)?.as_ref() != Some(digest)),
        _ => Ok(false),
    }
}

/// The digests of a model's datasets.
struct Datasets<'a> {
    app: &'a App,
    model: &'a Name,
    known: HashMap<Name, Option<String>>,
}

impl Datasets<'_> {
    fn digest(&mut self, name: &ItemName) -> Result<Option<String>, Error> {
        if let Some(known) = self.known.get(&name.0) {
            return Ok(known.clone());
        }
        let digest = self.app.storage.dataset(self.model, &name.0)?.map(|dataset| dataset.digest.to_string());
        self.known.insert(name.0.clone(), digest.clone());
        Ok(digest)
    }
}
