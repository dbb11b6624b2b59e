//! The one transaction that makes an upload visible.

use std::collections::BTreeSet;

use driftline_core::Schema;

use super::{
    Committed, NewUpload,
    own::{Beyond, Own},
};
use crate::{
    Error, Faults, Kind, Step,
    changes::{self, Touched},
    draft::NewSegment,
    log,
    model::{self, ModelId},
    received, retry, segment,
    writer::Group,
};

/// What the transaction is to list.
pub(super) struct Last {
    pub new: NewUpload,
    pub model: ModelId,
    /// Whether the model was not there when the upload began.
    pub is_new: bool,
    /// The columns of the rows.
    pub schema: Schema,
    /// The segments of each run of rows.
    pub runs: Vec<Vec<NewSegment>>,
    /// The quarters of hours in which predictions lie.
    pub quarters: BTreeSet<i64>,
    /// To look for the ids that came with rows, if any did.
    pub own: Option<Own>,
    /// How many rows were left out, because their ids were there.
    pub duplicates: u64,
    pub answer: String,
}

/// How the transaction went.
pub(super) enum Outcome {
    /// It is decided.
    Decided(Committed),
    /// Nothing was written: there are new segments to look through for ids.
    Behind(Box<Last>),
}

impl Last {
    /// Lists the segments in the running transaction.
    pub fn write(self, group: &mut Group<'_>, faults: &dyn Faults) -> Result<Outcome, Error> {
        if self.is_new {
            model::create_reserved(group.connection, self.model, &self.new.model, group.now)?;
        }
        if group.known.model(group.connection, &self.new.model, false, group.now)?.0 != self.model {
            return Ok(Outcome::Decided(Committed::Outrun));
        }
        if let Some(key) = &self.new.retry
            && let Some(answer) = retry::find(group.connection, self.model, self.new.kind, key)?
        {
            return Ok(Outcome::Decided(Committed::Replayed(answer)));
        }
        match self.own.as_ref().map_or(Ok(Beyond::Nothing), |own| own.look_beyond(group))? {
            Beyond::Nothing => self.list(group, faults).map(Outcome::Decided),
            Beyond::Met => Ok(Outcome::Decided(Committed::Outrun)),
            Beyond::Segments => Ok(Outcome::Behind(Box::new(self))),
        }
    }

    fn list(self, group: &mut Group<'_>, faults: &dyn Faults) -> Result<Committed, Error> {
        faults.pass(Step::UploadList)?;
        let Self { new, model, schema, runs, quarters, duplicates, answer, .. } = self;
        if let Some(key) = &new.retry {
            retry::keep(group.connection, model, new.kind, key, &answer, group.now)?;
        }
        group.known.admit(group.connection, &new.model, &schema)?;
        list(group, (model, new.kind), runs)?;
        changes::note(group.connection, model, &None, &Touched::of(quarters, log::last_seq(group.connection)?))?;
        faults.pass(Step::UploadListed)?;
        let schema = group.known.model(group.connection, &new.model, false, group.now)?.1.clone();
        Ok(Committed::Fresh { schema, answer, duplicates })
    }
}

/// Lists the segments of each run behind those of the run before.
fn list(group: &Group<'_>, (model, kind): (ModelId, Kind), runs: Vec<Vec<NewSegment>>) -> Result<(), Error> {
    if runs.is_empty() {
        return Ok(());
    }
    let generation = segment::next_generation(group.connection)?;
    for run in runs {
        let seq = log::next_seq(group.connection)?;
        for mut segment in run {
            (segment.listing.seqs, segment.listing.generation) = ((seq, seq), generation);
            received::count(group.connection, model, kind, segment.listing.rows)?;
            segment.list(group.connection, group.now)?;
        }
    }
    Ok(())
}
