//! What the merger's thread does: folds delayed metrics, merges small segments, deletes replaced files.

use driftline_core::Time;

use crate::{Error, background::Stopped, compact, fold, model::ModelId, reap::reap, segment, storage::Inner};

/// What the merger saw last.
#[derive(Default)]
pub(crate) struct Merger {
    changes: Option<u64>,
    next_due: Option<Time>,
}

impl Merger {
    /// Does what is due, one model after the other. One that fails does not hold up the others.
    pub fn tick(&mut self, inner: &Inner, stopped: &Stopped) -> Result<(), Error> {
        reap(inner)?;
        let (now, changes) = (inner.options.clock.now(), inner.changes());
        if self.changes == Some(changes) && self.next_due.is_none_or(|due| now < due) {
            return Ok(());
        }
        self.next_due = None;
        let mut outcome = Ok(());
        for model in inner.catalog.read(segment::models)? {
            if stopped.now() {
                return outcome;
            }
            match tend(inner, model, now) {
                Ok(due) => self.next_due = [self.next_due, due].into_iter().flatten().min(),
                Err(error) => outcome = Err(error),
            }
        }
        self.changes = outcome.is_ok().then_some(changes);
        outcome
    }
}

/// Folds and merges what is due of a model; gives when the next folding is.
fn tend(inner: &Inner, model: ModelId, now: Time) -> Result<Option<Time>, Error> {
    let due = || inner.catalog.read(|view| fold::due(view, model, &inner.options));
    let mut next = due()?;
    while next.is_some_and(|due| due <= now) && inner.merge_once(|| fold::round(inner, model))? {
        next = due()?;
    }
    while inner.merge_once(|| compact::round(inner, model))? {}
    Ok(next)
}
