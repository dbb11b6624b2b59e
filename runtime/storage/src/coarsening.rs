//! Coarsening: the states of old time merge into those of days, then of months, and go in the end.

use std::{collections::BTreeMap, sync::Arc};

use driftline_core::{Span, Window};

use crate::{
    Error, Grain, Model, Step, Storage, covered,
    definition::{self, DefinitionKey},
    grain::{self, DAY_MICROS},
    kept::{KeptFile, KeptState},
    pins::Pin,
    rollup::{self, RollUp},
    storage::Inner,
};

/// States are kept by the hour for this long before the horizon,
const HOURS_KEPT: i64 = 7 * DAY_MICROS;
/// and by the day for this long.
const DAYS_KEPT: i64 = 90 * DAY_MICROS;
/// About how many bytes of states merge in one step.
const STEP_BYTES: u64 = 64 << 20;

/// Files of states that are to become one file of coarser ones.
pub struct Coarsening {
    model: Model,
    grain: Grain,
    files: Vec<RollUp>,
    inner: Arc<Inner>,
    _pin: Pin,
}

impl Storage {
    /// The next files of the model whose states are due to merge: hours that
    /// lie a week before the horizon, days that lie 90 days before it. End with
    /// [`Self::coarsen`].
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn coarsening(&self, model: &Model) -> Result<Option<Coarsening>, Error> {
        let Some(horizon) = model.horizon else { return Ok(None) };
        let pin = self.inner.pins.take();
        let files = self.inner.catalog.read(|view| rollup::list(view, model.id, grain::all()))?;
        let ago = |micros| Span::from_micros(micros).map_or(horizon, |span| horizon.before(span));
        for (from, to, limit) in
            [(Grain::Hour, Grain::Day, ago(HOURS_KEPT)), (Grain::Day, Grain::Month, ago(DAYS_KEPT))]
        {
            let limit = to.around(limit).start();
            let due = files.iter().filter(|file| file.grain == from && file.window.end() <= limit);
            let due = of_one_month(due);
            if !due.is_empty() {
                let (model, inner) = (model.clone(), self.inner.clone());
                return Ok(Some(Coarsening { model, grain: to, files: due, inner, _pin: pin }));
            }
        }
        Ok(None)
    }

    /// Lists the merged states in place of the files they came from, in one
    /// transaction. `false`, and nothing has changed, when those were replaced meanwhile.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; nothing has changed then.
    pub fn coarsen(&self, coarsening: Coarsening, file: KeptFile) -> Result<bool, Error> {
        let merged = rollup::write(&self.inner, coarsening.model.id, coarsening.grain, file)?;
        let (files, faults) = (coarsening.files.clone(), self.inner.options.faults.clone());
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

/// The first of `files` and those that end in the same month, up to about [`STEP_BYTES`]. Files
/// of several months would wait for the last of them.
fn of_one_month<'a>(files: impl Iterator<Item = &'a RollUp>) -> Vec<RollUp> {
    let moment = Span::from_micros(1);
    let month = |file: &RollUp| {
        let end = file.window.end();
        Grain::Month.around(moment.map_or(end, |moment| end.before(moment))).start()
    };
    let mut first = None;
    let mut bytes = 0;
    let same = files.filter(|file| *first.get_or_insert(month(file)) == month(file));
    let within = same.take_while(|file| {
        bytes += file.bytes;
        bytes <= STEP_BYTES || bytes == file.bytes
    });
    within.cloned().collect()
}

impl Coarsening {
    /// Whose states.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What the states are to be brought to.
    pub fn grain(&self) -> Grain {
        self.grain
    }

    /// The states by definition, in order of time, then of their making.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a damaged file.
    pub fn states(&self) -> Result<Vec<(DefinitionKey, Vec<KeptState>)>, Error> {
        let mut all: BTreeMap<DefinitionKey, Vec<KeptState>> = BTreeMap::new();
        for file in &self.files {
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
