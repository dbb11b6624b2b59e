//! The delayed metrics of one round of folding, and the segments they may belong to.

use std::{collections::HashSet, sync::Arc};

use arrow::{array::Array, datatypes::SchemaRef};
use driftline_core::Time;

use super::{concerns, places::Places};
use crate::{
    Error, Kind, delayed_file,
    latest::Latest,
    log,
    model::{self, Model, ModelId},
    parquet_file::Part,
    rows,
    segment::{self, Listing},
    storage::Inner,
};

/// What one round works on; all of it was listed at one instant.
pub(crate) struct Stretch {
    pub model: Model,
    /// Neighbours in the order of arrival. Files before them concern none of the segments.
    pub files: Vec<Listing>,
    /// The segments with rows to which they may belong.
    pub segments: Vec<Listing>,
    /// The newest generation at that instant.
    pub generation: u64,
    /// The ids of predictions in the log, if any of the files holds something that is to expire.
    pub unsealed: HashSet<u128>,
}

impl Stretch {
    /// The values that count, how late they came, and their columns.
    pub fn latest(&self, inner: &Inner) -> Result<(Arc<Latest>, Places, SchemaRef), Error> {
        let mut batches = Vec::new();
        for file in &self.files {
            batches.extend(delayed_file::read(&inner.files, file, Part::default())?);
        }
        let schemas = batches.iter().map(|batch| batch.schema_ref());
        let schema = rows::occurring(Kind::Delayed, &self.model.schema, schemas);
        let latest = Latest::of(&schema, &batches)?;
        let mut places = Places::new(&schema, &latest);
        batches.iter().try_for_each(|batch| places.add(&latest, batch))?;
        Ok((Arc::new(latest), places, schema))
    }
}

/// The oldest delayed metrics that concern a segment or are to expire, up to `fold_bytes`.
pub(super) fn oldest(inner: &Inner, id: ModelId, expired_before: Time) -> Result<Option<Stretch>, Error> {
    inner.catalog.read(|view| {
        let segments = segment::all(view, id, Kind::Predictions)?;
        let expires = |file: &Listing| file.received.is_some_and(|(first, _)| first < expired_before);
        let asks = |file: &Listing| expires(file) || segments.iter().any(|segment| concerns(file, segment));
        let files = neighbours(ready(view, id)?, asks, inner.options.fold_bytes);
        if files.is_empty() {
            return Ok(None);
        }
        let unsealed = if files.iter().any(expires) { unsealed_ids(inner, view, id)? } else { HashSet::new() };
        let touched = |segment: &Listing| files.iter().any(|file| concerns(file, segment));
        let segments = segments.iter().filter(|segment| touched(segment)).cloned().collect();
        let (model, generation) = (model::by_id(view, id)?, segment::generation(view)?);
        Ok(Some(Stretch { model, files, segments, generation, unsealed }))
    })
}

/// The segments of delayed metrics, oldest first, that no log row precedes: the last
/// value wins, so the older ones have to be folded first.
pub(crate) fn ready(view: &rusqlite::Connection, id: ModelId) -> Result<Vec<Listing>, Error> {
    let open = log::first_seq(view, id, Kind::Delayed)?;
    let files = segment::all(view, id, Kind::Delayed)?;
    Ok(files.into_iter().take_while(|file| open.is_none_or(|open| file.seqs.1 < open)).collect())
}

/// From the first file that asks to the last one that does, within `max_bytes`; one file at least.
///
/// Those in between that don't ask are taken along, because the remainder of all
/// stands in one place of the order.
fn neighbours(files: Vec<Listing>, asks: impl Fn(&Listing) -> bool, max_bytes: u64) -> Vec<Listing> {
    let mut found: Vec<Listing> = files.into_iter().skip_while(|file| !asks(file)).collect();
    let mut bytes = 0;
    let over = |file: &Listing| {
        bytes += file.bytes;
        bytes > max_bytes
    };
    if let Some(end) = found.iter().position(over) {
        found.truncate(end.max(1));
    }
    found.truncate(found.iter().rposition(&asks).map_or(0, |last| last + 1));
    found
}

fn unsealed_ids(inner: &Inner, view: &rusqlite::Connection, id: ModelId) -> Result<HashSet<u128>, Error> {
    let mut unsealed = HashSet::new();
    for entry in log::entries(view, id, Kind::Predictions, None)? {
        let batch = inner.log_cache.get(view, entry.seq)?;
        let ids = rows::ids(&batch)?;
        unsealed.extend((0..ids.len()).map(|row| rows::id_number(ids.value(row))));
    }
    Ok(unsealed)
}
