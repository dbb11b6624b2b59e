//! Coarsening: the states of old time merge into those of days, then of months, and go in the end.

mod due;

use std::{collections::BTreeMap, sync::Arc};

use driftline_core::{Span, Window};

use self::due::{Due, by_age, by_size};
use crate::{
    Error, Grain, Model, Step, Storage, covered,
    definition::{self, DefinitionKey},
    grain::{self, DAY_MICROS},
    kept::{KeptFile, KeptState},
    pins::Pin,
    rollup::{self, RollUp},
    storage::Inner,
};

/// Files of states that are to become one file of coarser ones.
pub struct Coarsening {
    model: Model,
    due: Due,
    inner: Arc<Inner>,
    _pin: Pin,
}

/// How much room states may take up, where that is why they are to become coarser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What all of them are to take up at most: half of what the rows did that they stand for, or next to nothing.
    pub bytes: u64,
    /// Whether all of their month is rolled up; else there is more to come.
    pub month_is_over: bool,
}

/// What became of the states of a coarsening.
pub struct Coarsened {
    /// The states.
    pub file: KeptFile,
    /// What they were brought to; they are not brought to the same once more.
    pub grain: Grain,
    /// States that are kept no more, each with the time that they stood for.
    pub dropped: Vec<(DefinitionKey, Window)>,
}

impl Storage {
    /// The next files of the model whose states are due to merge: hours that
    /// lie a week before the horizon, days that lie 90 days before it, and
    /// those that take up much room beside the rows that they stand for. End
    /// with [`Self::coarsen`].
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn coarsening(&self, model: &Model) -> Result<Option<Coarsening>, Error> {
        let Some(horizon) = model.horizon else { return Ok(None) };
        let pin = self.inner.pins.take();
        let files = self.inner.catalog.read(|view| rollup::list(view, model.id, grain::all()))?;
        let due = by_age(&files, horizon).or_else(|| by_size(&files, horizon));
        let (model, inner) = (model.clone(), self.inner.clone());
        Ok(due.map(|due| Coarsening { model, due, inner, _pin: pin }))
    }

    /// Lists the merged states in place of the files they came from, in one
    /// transaction. `false`, and nothing has changed, when those were replaced meanwhile.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; nothing has changed then.
    pub fn coarsen(&self, coarsening: Coarsening, coarsened: Coarsened) -> Result<bool, Error> {
        let Coarsened { file, grain, dropped } = coarsened;
        let (id, files) = (coarsening.model.id, coarsening.due.files.clone());
        let merged = rollup::write(&self.inner, id, grain, file, due::rows_bytes(&files))?;
        let faults = self.inner.options.faults.clone();
        let old: Vec<_> = files.iter().map(RollUp::path).collect();
        let new: Vec<_> = merged.iter().map(RollUp::path).collect();
        let is_done = self.inner.relist([&new[..], &old].concat(), move |group| {
            if !rollup::are_listed(group.connection, &files)? {
                return Ok(false);
            }
            faults.pass(Step::CoarsenUnlist)?;
            for file in &files {
                rollup::remove(group.connection, file.id)?;
            }
            faults.pass(Step::CoarsenList)?;
            if let Some(merged) = &merged {
                rollup::insert(group.connection, merged, group.now)?;
            }
            for (definition, stretch) in &dropped {
                covered::cut(group.connection, id, *definition, *stretch)?;
            }
            Ok(true)
        })?;
        self.inner.pins.replaced(if is_done { old } else { new });
        self.inner.options.faults.pass(Step::CoarsenDone)?;
        Ok(is_done)
    }

    /// Drops the roll-ups that are older than the model keeps them; gives how many files that were.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn expire_roll_ups(&self, model: &Model) -> Result<usize, Error> {
        let kept =
            model.details.retention.summary_days.and_then(|days| Span::from_micros(i64::from(days) * DAY_MICROS));
        let Some(kept) = kept else { return Ok(0) };
        let limit = Grain::Hour.around(self.now().before(kept)).start();
        let Ok(past) = Window::new(grain::all().start(), limit) else { return Ok(0) };
        let mut files = self.inner.catalog.read(|view| rollup::list(view, model.id, past))?;
        files.retain(|file| file.window.end() <= limit);
        let paths: Vec<_> = files.iter().map(RollUp::path).collect();
        let (id, count, faults) = (model.id, files.len(), self.inner.options.faults.clone());
        if count > 0 || self.inner.catalog.read(|view| covered::reaches_before(view, id, limit))? {
            self.inner.relist(paths.clone(), move |group| {
                for file in &files {
                    rollup::remove(group.connection, file.id)?;
                }
                faults.pass(Step::Expire)?;
                covered::cut_before(group.connection, id, limit)
            })?;
            self.inner.pins.replaced(paths);
            self.inner.options.faults.pass(Step::ExpireDone)?;
        }
        Ok(count)
    }
}

impl Coarsening {
    /// Whose states.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What the states are to be brought to, or may be where there is a [`Self::room`].
    pub fn grain(&self) -> Grain {
        self.due.grain
    }

    /// How much room they may take up; `None` when it is for their age that they become coarser.
    pub fn room(&self) -> Option<Room> {
        self.due.room
    }

    /// The states by definition, in order of time, then of their making.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a damaged file.
    pub fn states(&self) -> Result<Vec<(DefinitionKey, Vec<KeptState>)>, Error> {
        let mut all: BTreeMap<DefinitionKey, Vec<KeptState>> = BTreeMap::new();
        for file in &self.due.files {
            for (key, state) in file.read(&self.inner, None)? {
                all.entry(key).or_default().push(state);
            }
        }
        for states in all.values_mut() {
            states.sort_by_key(|kept| kept.window);
        }
        Ok(all.into_iter().collect())
    }

    /// The text of a definition, if it is still known.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn definition(&self, key: DefinitionKey) -> Result<Option<String>, Error> {
        self.inner.catalog.read(|view| definition::text(view, self.model.id, key))
    }
}
