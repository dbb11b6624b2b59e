//! One round of sealing: a stretch of one model's log becomes segments.

mod month;

use arrow::{array::RecordBatch, compute::interleave_record_batch};
use bytes::Bytes;
use driftline_core::{Digest, Time};
use uuid::Uuid;

use crate::{
    Error, Kind, body,
    latest::Latest,
    log,
    model::{self, Model, ModelId},
    parquet_file::{LOOKUP_GROUP, ParquetFile, SCAN_GROUP},
    rows::{self, Extent},
    segment::{self, Listing},
    storage::Inner,
};

/// A segment that is not written yet.
struct Draft {
    rows: u64,
    extent: Extent,
    bytes: Bytes,
}

/// Seals the oldest rows of the model's log, at most about one segment's worth;
/// gives how many log rows that were.
///
/// The files are durable before the one transaction that lists them and removes
/// the log rows. When it fails the files stay: a failed commit may have reached
/// the disk, and the sweep at the next start knows.
pub(crate) fn round(inner: &Inner, model: ModelId, kind: Kind) -> Result<usize, Error> {
    let Some((model, entries, batches)) = oldest(inner, model, kind)? else { return Ok(0) };
    let drafts = match kind {
        Kind::Predictions => predictions(&model, &batches, inner.options.segment_rows)?,
        Kind::Delayed => delayed(&model, &batches, inner.options.segment_rows)?,
    };
    let seqs: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
    let (Some(first), Some(last)) = (seqs.first().copied(), seqs.last().copied()) else { return Ok(0) };
    let arrivals = entries.iter().map(|entry| entry.received);
    let received = (kind == Kind::Delayed).then(|| arrivals.clone().min().zip(arrivals.max())).flatten();
    let mut listings = drafts
        .into_iter()
        .map(|draft| write(inner, model.id, (first, last), received, draft))
        .collect::<Result<Vec<_>, Error>>()?;
    tracing::debug!(model = %model.name, ?kind, log_rows = seqs.len(), segments = listings.len(), "sealing");
    let (id, count) = (model.id, seqs.len());
    inner.writer.call(move |group| {
        let generation = segment::next_generation(group.connection)?;
        for listing in &mut listings {
            listing.generation = generation;
            segment::insert(group.connection, kind, listing, group.now)?;
        }
        match log::remove(group.connection, id, kind, &(first..=last))? {
            removed if removed == count => Ok(()),
            removed => {
                Err(Error::corrupt("the log in catalog.db", format!("{count} rows were sealed, {removed} removed")))
            }
        }
    })?;
    inner.log_cache.forget(&seqs);
    Ok(count)
}

type Stretch = (Model, Vec<log::Entry>, Vec<RecordBatch>);

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
        entries.truncate(full.unwrap_or(entries.len()).max(1));
        let bodies = entries.iter().map(|entry| log::body(view, entry.seq)).collect::<Result<Vec<_>, _>>()?;
        Ok((model::by_id(view, id)?, entries, bodies))
    })?;
    if entries.is_empty() {
        return Ok(None);
    }
    let batches = entries.iter().zip(bodies).map(|(entry, body)| match body {
        Some((checksum, bytes)) => body::decode(entry.seq, checksum, bytes),
        None => Err(Error::corrupt(format!("row {} of the log in catalog.db", entry.seq), "it is missing")),
    });
    let batches = batches.collect::<Result<Vec<_>, _>>()?;
    Ok(Some((model, entries, batches)))
}

/// Predictions sorted by time (then arrival), cut at months and at `segment_rows`.
fn predictions(model: &Model, batches: &[RecordBatch], segment_rows: usize) -> Result<Vec<Draft>, Error> {
    let schema = rows::occurring(Kind::Predictions, &model.schema, batches.iter())?;
    let batches = batches.iter().map(|batch| rows::fit(batch, &schema)).collect::<Result<Vec<_>, _>>()?;
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    let mut order: Vec<(i64, u32, u32)> = Vec::with_capacity(batches.iter().map(|batch| batch.num_rows()).sum());
    for (index, batch) in (0u32..).zip(&batches) {
        order.extend((0u32..).zip(rows::times(batch)).map(|(row, time)| (*time, index, row)));
    }
    order.sort_unstable();
    let mut drafts = Vec::new();
    let mut rest = &order[..];
    while let Some((first, ..)) = rest.first() {
        let end = month::end(*first);
        let length = rest.partition_point(|(time, ..)| *time < end).clamp(1, segment_rows.max(1));
        let (part, later) = rest.split_at(length);
        let chunks = part.chunks(SCAN_GROUP).map(|chunk| {
            let places: Vec<(usize, usize)> = chunk.iter().map(|(_, at, row)| (*at as usize, *row as usize)).collect();
            interleave_record_batch(&batches, &places).map_err(|error| Error::failed("sorting rows by time", error))
        });
        drafts.push(draft(chunks, SCAN_GROUP)?);
        rest = later;
    }
    Ok(drafts)
}

/// Delayed metrics sorted by id, the last value of each id and column, cut at `segment_rows`.
fn delayed(model: &Model, batches: &[RecordBatch], segment_rows: usize) -> Result<Vec<Draft>, Error> {
    let schema = rows::occurring(Kind::Delayed, &model.schema, batches.iter())?;
    let latest = Latest::of(&schema, batches)?;
    let (slots, ids) = latest.sorted();
    let parts = slots.chunks(segment_rows.max(1)).zip(ids.chunks(segment_rows.max(1)));
    let drafts = parts.map(|(slots, ids)| {
        let chunks = slots.chunks(LOOKUP_GROUP).zip(ids.chunks(LOOKUP_GROUP));
        draft(chunks.map(|(slots, ids)| latest.batch(&schema, slots, ids)), LOOKUP_GROUP)
    });
    drafts.collect()
}

fn draft(chunks: impl Iterator<Item = Result<RecordBatch, Error>>, group_rows: usize) -> Result<Draft, Error> {
    let mut file: Option<ParquetFile> = None;
    let mut whole: Option<Extent> = None;
    let mut rows = 0;
    for chunk in chunks {
        let chunk = chunk?;
        let extent = Extent::of(&chunk)?;
        whole = Some(whole.map_or(extent, |whole| whole.and(extent)));
        rows += chunk.num_rows() as u64;
        let file = match &mut file {
            Some(file) => file,
            None => file.insert(ParquetFile::new(chunk.schema(), group_rows)?),
        };
        file.write(&chunk)?;
    }
    match (file, whole) {
        (Some(file), Some(extent)) => Ok(Draft { rows, extent, bytes: file.finish()? }),
        _ => Err(Error::corrupt("the log in catalog.db", "a log row without rows")),
    }
}

fn write(
    inner: &Inner,
    model: ModelId,
    seqs: (i64, i64),
    received: Option<(Time, Time)>,
    draft: Draft,
) -> Result<Listing, Error> {
    let listing = Listing {
        id: Uuid::now_v7(),
        model,
        rows: draft.rows,
        bytes: draft.bytes.len() as u64,
        times: draft.extent.times.and_then(|(min, max)| Time::from_micros(min).ok().zip(Time::from_micros(max).ok())),
        ids: draft.extent.ids,
        seqs,
        digest: Digest::of(&draft.bytes),
        generation: 0,
        applied: 0,
        received,
    };
    inner.files.put(&listing.path(), draft.bytes)?;
    Ok(listing)
}
