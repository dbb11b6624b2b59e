//! One round of sealing: a stretch of one model's log becomes segments.

use arrow::{array::RecordBatch, compute::interleave_record_batch, datatypes::SchemaRef};
use driftline_core::Schema;
use rusqlite::Connection;

use crate::{
    Error, Kind, Step, body,
    draft::{Draft, NewSegment, Origin},
    latest::Latest,
    log,
    model::{self, Model, ModelId},
    month, rows, segment,
    storage::Inner,
};

/// Seals the oldest rows of the model's log, at most about one segment's worth;
/// gives how many log rows that were.
///
/// The files are durable before the one transaction that lists them and removes
/// the log rows.
pub(crate) fn round(inner: &Inner, model: ModelId, kind: Kind) -> Result<usize, Error> {
    let faults = inner.options.faults.clone();
    faults.pass(Step::SealRead)?;
    let Some(Stretch { model, entries, batches }) = oldest(inner, model, kind)? else { return Ok(0) };
    let seqs: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
    let (Some(first), Some(last)) = (seqs.first().copied(), seqs.last().copied()) else { return Ok(0) };
    let origin = Origin { model: model.id, seqs: (first, last), generation: 0, applied: 0 };
    let mut segments = store(inner, kind, &model.schema, &batches, origin)?;
    tracing::debug!(model = %model.name, ?kind, log_rows = seqs.len(), segments = segments.len(), "sealing");
    let (id, count) = (model.id, seqs.len());
    let steps = faults.clone();
    let files = segments.iter().map(|segment| segment.listing.path()).collect();
    inner.relist(files, move |group| {
        steps.pass(Step::SealList)?;
        let generation = segment::next_generation(group.connection)?;
        for segment in &mut segments {
            segment.listing.generation = generation;
            segment.list(group.connection, group.now)?;
        }
        steps.pass(Step::SealRemove)?;
        match log::remove(group.connection, id, kind, &(first..=last))? {
            removed if removed == count => Ok(()),
            removed => {
                Err(Error::corrupt("the log in catalog.db", format!("{count} rows were sealed, {removed} removed")))
            }
        }
    })?;
    faults.pass(Step::SealDone)?;
    inner.log_cache.forget(&seqs);
    inner.note_change(id);
    Ok(count)
}

/// Writes rows, in the order of their arrival, as segments that are to be listed; delayed ones know when they arrived.
pub(crate) fn store(
    inner: &Inner,
    kind: Kind,
    schema: &Schema,
    batches: &[RecordBatch],
    origin: Origin,
) -> Result<Vec<NewSegment>, Error> {
    let schema = rows::occurring(kind, schema, batches.iter().map(|batch| batch.schema_ref()));
    match kind {
        Kind::Predictions => predictions(inner, &schema, batches, origin),
        Kind::Delayed => {
            // The last value of each id and column; rows without any value are left out.
            let latest = Latest::of(&schema, batches)?;
            latest.store(&schema, &latest.arrived(), inner.options.segment_rows, &inner.files, origin)
        }
    }
}

/// The oldest log rows of a model and kind.
struct Stretch {
    model: Model,
    entries: Vec<log::Entry>,
    batches: Vec<RecordBatch>,
}

/// The oldest log rows, up to one segment's rows or two seals' bytes.
fn oldest(inner: &Inner, id: ModelId, kind: Kind) -> Result<Option<Stretch>, Error> {
    let (max_rows, max_bytes) = (inner.options.segment_rows as u64, inner.options.seal_bytes.saturating_mul(2));
    let (model, entries, bodies) = inner.catalog.read(|view| {
        let mut entries = log::entries(view, id, kind, None)?;
        let (mut rows, mut bytes) = (0, 0);
        let full = entries.iter().position(|entry| {
            rows += entry.rows;
            bytes += entry.bytes;
            rows > max_rows || bytes > max_bytes
        });
        let full = full.into_iter().chain(uploaded_within(view, id, kind, &entries)?).min();
        entries.truncate(full.unwrap_or(entries.len()).max(1));
        let bodies = entries.iter().map(|entry| log::body(view, entry.seq)).collect::<Result<Vec<_>, _>>()?;
        Ok((model::by_id(view, id)?, entries, bodies))
    })?;
    if entries.is_empty() {
        return Ok(None);
    }
    let batches = entries.iter().zip(bodies).map(|(entry, body)| match body {
        Some((checksum, bytes)) => {
            let batch = body::decode(entry.seq, checksum, bytes)?;
            match kind {
                Kind::Predictions => Ok(batch),
                Kind::Delayed => rows::placed(&rows::arrived(&batch, entry.received)?, entry.seq),
            }
        }
        None => Err(Error::corrupt(format!("row {} of the log in catalog.db", entry.seq), "it is missing")),
    });
    let batches = batches.collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Stretch { model, entries, batches }))
}

/// Where an upload came between the entries: its rows are in segments already,
/// and a stretch that spans it would have no place before or after it.
fn uploaded_within(
    view: &Connection,
    model: ModelId,
    kind: Kind,
    entries: &[log::Entry],
) -> Result<Option<usize>, Error> {
    let Some(first) = entries.first().filter(|_| kind == Kind::Delayed) else { return Ok(None) };
    let uploaded = segment::first_delayed_after(view, model, first.seq)?;
    Ok(uploaded.and_then(|seq| entries.iter().position(|entry| entry.seq > seq)))
}

/// Predictions sorted by time and id, cut at months and at `segment_rows`.
fn predictions(
    inner: &Inner,
    schema: &SchemaRef,
    batches: &[RecordBatch],
    origin: Origin,
) -> Result<Vec<NewSegment>, Error> {
    let batches = batches.iter().map(|batch| rows::fit(batch, schema)).collect::<Result<Vec<_>, _>>()?;
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    let order = in_order(&batches)?;
    let mut segments = Vec::new();
    let mut rest = &order[..];
    while let Some(first) = rest.first() {
        let end = month::end(first.time);
        let length = rest.partition_point(|place| place.time < end).clamp(1, inner.options.segment_rows.max(1));
        let (part, later) = rest.split_at(length);
        let mut draft = Draft::new(&inner.files, Kind::Predictions, schema.clone(), origin)?;
        for chunk in part.chunks(Draft::group_rows(Kind::Predictions)) {
            let places: Vec<(usize, usize)> = chunk.iter().map(|place| place.row).collect();
            let rows = interleave_record_batch(&batches, &places);
            draft.add(&rows.map_err(|error| Error::failed("sorting rows by time", error))?)?;
        }
        segments.extend(draft.store()?);
        rest = later;
    }
    Ok(segments)
}

/// Where a row is, ordered by its time and id, then by arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    time: i64,
    id: u128,
    /// The batch and the row in it.
    row: (usize, usize),
}

fn in_order(batches: &[&RecordBatch]) -> Result<Vec<Place>, Error> {
    let mut order = Vec::with_capacity(batches.iter().map(|batch| batch.num_rows()).sum());
    for (index, batch) in batches.iter().enumerate() {
        let ids = rows::ids(batch)?;
        let times = rows::times(batch).iter().enumerate();
        order.extend(times.map(|(row, time)| {
            let id = rows::id_number(ids.value(row));
            Place { time: *time, id, row: (index, row) }
        }));
    }
    order.sort_unstable();
    Ok(order)
}
