//! Segments made of other segments take their place, in one transaction.

use uuid::Uuid;

use crate::{
    Error, Step,
    changes::{self, Columns, Touched},
    draft::NewSegment,
    model::ModelId,
    segment::{self, Listing},
    storage::Inner,
};

/// What changes in the list of a model's segments.
pub(crate) struct Replacement {
    pub model: ModelId,
    /// These go.
    pub old: Vec<Listing>,
    /// These come; their generations are set.
    pub new: Vec<NewSegment>,
    /// Of these delayed metrics every value is in the segments up to the generation.
    pub applied: (Vec<Uuid>, u64),
    /// How many ids without a prediction have expired.
    pub expired: u64,
    /// The columns of delayed metrics that are in the new segments only, each with the times of their predictions.
    pub touched: Vec<(Columns, Touched)>,
}

/// Makes the change. The new files are durable already; the old ones are
/// deleted once no reader and no backup can need them.
pub(crate) fn replace(inner: &Inner, mut change: Replacement) -> Result<(), Error> {
    let model = change.model;
    let paths: Vec<_> = change.old.iter().map(Listing::path).collect();
    let faults = inner.options.faults.clone();
    let files = change.new.iter().map(|segment| segment.listing.path()).chain(paths.clone()).collect();
    inner.relist(files, move |group| {
        faults.pass(Step::ReplaceUnlist)?;
        segment::remove(group.connection, &change.old)?;
        faults.pass(Step::ReplaceList)?;
        change.new.iter_mut().try_for_each(|segment| segment.list(group.connection, group.now))?;
        for (columns, touched) in &change.touched {
            changes::note(group.connection, change.model, columns, touched)?;
        }
        let (applied, generation) = &change.applied;
        segment::set_applied(group.connection, applied, *generation)?;
        group
            .connection
            .prepare_cached("UPDATE models SET expired = expired + ?2 WHERE id = ?1")?
            .execute(rusqlite::params![change.model.0, change.expired])?;
        Ok(())
    })?;
    inner.pins.replaced(paths);
    inner.note_change(model);
    inner.options.faults.pass(Step::ReplaceDone)
}
