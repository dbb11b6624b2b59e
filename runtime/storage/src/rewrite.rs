//! Rewriting a segment without some of its rows.

use crate::{
    Error, Hidden, Kind,
    draft::{Draft, NewSegment, Origin},
    parquet_file::{self, Part},
    segment::Listing,
    storage::Inner,
};

/// Writes a segment's rows again, without those that are hidden; `None` when
/// no row is left. The new file is durable but not listed.
pub(crate) fn without(
    inner: &Inner,
    kind: Kind,
    listing: &Listing,
    hidden: &Hidden,
) -> Result<Option<NewSegment>, Error> {
    let path = listing.path();
    inner.files.verify(&path, &listing.digest)?;
    let origin =
        Origin { model: listing.model, seqs: listing.seqs, generation: listing.generation, applied: listing.applied };
    let mut draft: Option<Draft> = None;
    for batch in parquet_file::read(&inner.files, &path, listing.bytes, Part::default())? {
        inner.go_on()?;
        let batch = batch?;
        let draft = match &mut draft {
            Some(draft) => draft,
            None => draft.insert(Draft::new(&inner.files, kind, batch.schema(), origin)?),
        };
        draft.add(&hidden.strip(&batch)?)?;
    }
    draft.map_or(Ok(None), Draft::store)
}
