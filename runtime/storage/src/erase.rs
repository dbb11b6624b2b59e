//! Erasing what was deleted: out of files, records and old pages, step by step; a crash between steps costs nothing.

mod prediction;
mod whole_model;

use crate::{
    Error, Step, Storage,
    deletion::{self, Subject},
    reap::reap,
    storage::Inner,
};

/// How a step of erasing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasing {
    /// There is nothing to erase.
    Nothing,
    /// A step is done; there may be more.
    Worked,
    /// Old files or pages can't go yet, because a reader or a backup uses them: try again in a moment.
    Waiting,
}

impl Storage {
    /// Takes the next step of erasing what was deleted. Each step becomes true
    /// in one transaction and does a bounded amount of work.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`], [`Error::Corrupt`]; the step can be tried again.
    pub fn erase(&self) -> Result<Erasing, Error> {
        let inner = &self.inner;
        let Some(next) = inner.catalog.read(deletion::next)? else { return Ok(Erasing::Nothing) };
        match (next.is_hidden, next.subject, next.prediction) {
            (true, Subject::Prediction, Some(id)) => prediction::step(inner, &next, id)?,
            (true, Subject::Model, _) => whole_model::step(inner, &next)?,
            _ => return wipe(inner),
        }
        Ok(Erasing::Worked)
    }
}

/// Deletes the replaced files and what failures left behind, overwrites the free pages of the catalog,
/// empties its write-ahead log, and drops the kept states of the models.
fn wipe(inner: &Inner) -> Result<Erasing, Error> {
    let done = inner.catalog.read(deletion::all_unlisted)?;
    inner.options.faults.pass(Step::EraseWipe)?;
    reap(inner)?;
    if !inner.pins.is_empty() || !inner.files.doubtful.is_empty() || !inner.catalog.wipe()? {
        return Ok(Erasing::Waiting);
    }
    // Whoever computed with the old files has put all that it keeps: it held a pin until then.
    let mut models: Vec<_> = done.iter().map(|(_, model)| *model).collect();
    models.dedup();
    inner.states.forget(&models)?;
    inner.options.faults.pass(Step::EraseGone)?;
    inner.writer.call(move |group| deletion::gone(group.connection, &done, group.now))?;
    Ok(Erasing::Worked)
}
