//! What the merger's thread does: folds delayed metrics, merges small segments, deletes replaced files.

use std::collections::HashMap;

use driftline_core::Time;

use crate::{
    Error, Work,
    background::Stopped,
    compact, fold,
    model::{self, ModelId},
    reap::reap,
    segment,
    storage::Inner,
};

/// Which models the merger has to look at.
#[derive(Default)]
pub(crate) struct Merger {
    /// Models with delayed metrics that wait, and when they are due.
    waiting: HashMap<ModelId, Time>,
    started: bool,
}

impl Merger {
    /// Does what is due, one model after the other. One that fails does not hold up the others.
    pub fn tick(&mut self, inner: &Inner, stopped: &Stopped) -> Result<(), Error> {
        reap(inner)?;
        if !self.started {
            inner.catalog.read(segment::models)?.into_iter().for_each(|model| inner.note_change(model));
            self.started = true;
        }
        let now = inner.options.clock.now();
        let mut models = inner.take_changed();
        models.extend(self.waiting.iter().filter(|(_, due)| **due <= now).map(|(model, _)| *model));
        let mut outcome = Ok(());
        for model in models {
            if stopped.now() {
                return outcome;
            }
            self.waiting.remove(&model);
            match tend(inner, model, now) {
                Ok(due) => self.waiting.extend(due.map(|due| (model, due))),
                Err(error) => {
                    inner.note_change(model);
                    outcome = Err(error);
                }
            }
        }
        outcome
    }
}

/// Folds and merges what is due of a model, unless it was deleted; gives when the next folding is.
fn tend(inner: &Inner, model: ModelId, now: Time) -> Result<Option<Time>, Error> {
    if !inner.catalog.read(|view| model::exists(view, model))? {
        return Ok(None);
    }
    let due = || inner.catalog.read(|view| fold::due(view, model, &inner.options));
    let mut next = due()?;
    while next.is_some_and(|due| due <= now) && inner.merge_once(Work::Fold, || fold::round(inner, model))? {
        next = due()?;
    }
    while inner.merge_once(Work::Compact, || compact::round(inner, model))? {}
    Ok(next)
}
