//! One step of erasing a prediction: one file is rewritten without it, or its last traces in records go.

use std::{collections::HashSet, sync::Arc};

use arrow::array::{Array, RecordBatch};
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::{
    Error, Hidden, Kind, Step,
    deletion::{self, Pending},
    log,
    model::ModelId,
    parquet_file::{self, Part},
    rewrite, rows,
    segment::{self, Listing},
    storage::Inner,
};

const KINDS: [Kind; 2] = [Kind::Predictions, Kind::Delayed];

/// Takes the next step.
pub(crate) fn step(inner: &Inner, deletion: &Pending, id: [u8; 16]) -> Result<(), Error> {
    for kind in KINDS {
        if logged(inner, deletion.model, kind, id)? {
            inner.seal(deletion.model, kind)?;
        }
    }
    let _alone = inner.alone();
    for kind in KINDS {
        for listing in inner.catalog.read(|view| segment::all(view, deletion.model, kind))? {
            let found = holds(inner, &listing, id)?;
            if found > 0 {
                return replace(inner, deletion, kind, listing, id, found);
            }
        }
    }
    let (deletion, model, faults) = (deletion.id, deletion.model, inner.options.faults.clone());
    inner.writer.call(move |group| {
        faults.pass(Step::EraseRecords)?;
        forget_texts(group.connection, model, Uuid::from_bytes(id))?;
        deletion::unlisted(group.connection, deletion)
    })
}

/// Whether rows of the log are about the prediction.
fn logged(inner: &Inner, model: ModelId, kind: Kind, id: [u8; 16]) -> Result<bool, Error> {
    inner.catalog.read(|view| {
        for entry in log::entries(view, model, kind, None)? {
            if entry.min_id <= id && id <= entry.max_id && count(&*inner.log_cache.get(view, entry.seq)?, id)? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

fn count(batch: &RecordBatch, id: [u8; 16]) -> Result<u64, Error> {
    let ids = rows::ids(batch)?;
    Ok((0..ids.len()).filter(|row| ids.value(*row) == id).count() as u64)
}

/// How many rows of the segment are about the prediction.
fn holds(inner: &Inner, listing: &Listing, id: [u8; 16]) -> Result<u64, Error> {
    if id < listing.ids.0 || listing.ids.1 < id {
        return Ok(0);
    }
    let path = listing.path();
    inner.files.verify(&path, &listing.digest)?;
    let part = Part { columns: Some(&[driftline_core::ID]), ids: Some((id, id)), group: None };
    let mut found = 0;
    for batch in parquet_file::read(&inner.files, &path, listing.bytes, part)? {
        found += count(&batch?, id)?;
    }
    Ok(found)
}

/// Puts a file without the prediction in the segment's place.
fn replace(
    inner: &Inner,
    deletion: &Pending,
    kind: Kind,
    listing: Listing,
    id: [u8; 16],
    found: u64,
) -> Result<(), Error> {
    let hidden = Hidden { before: listing.rolled, ids: Arc::new(HashSet::from([id])) };
    inner.options.faults.pass(Step::EraseRewrite)?;
    let segment = rewrite::without(inner, kind, &listing, &hidden)?;
    let (deletion, faults, path) = (deletion.id, inner.options.faults.clone(), listing.path());
    let files = segment.iter().map(|segment| segment.listing.path()).chain([path.clone()]).collect();
    inner.relist(files, move |group| {
        faults.pass(Step::EraseUnlist)?;
        segment::remove(group.connection, [&listing])?;
        faults.pass(Step::EraseList)?;
        if let Some(mut segment) = segment {
            segment.list(group.connection, group.now)?;
        }
        deletion::count(group.connection, deletion, found)
    })?;
    inner.pins.replaced([path]);
    inner.options.faults.pass(Step::EraseDone)
}

/// Writes the nil UUID in place of the id wherever a record spells it out.
fn forget_texts(connection: &Connection, model: ModelId, id: Uuid) -> Result<(), Error> {
    let (text, nil) = (id.to_string(), Uuid::nil().to_string());
    for update in [
        "UPDATE retries SET answer = replace(answer, ?2, ?3) WHERE model = ?1 AND instr(answer, ?2)",
        "UPDATE evaluations SET request = replace(request, ?2, ?3), result = replace(result, ?2, ?3)
         WHERE model = ?1 AND (instr(request, ?2) OR instr(result, ?2))",
        "UPDATE aggregates SET slice = replace(slice, ?2, ?3), labels = replace(labels, ?2, ?3)
         WHERE model = ?1 AND (instr(slice, ?2) OR instr(labels, ?2))",
    ] {
        connection.execute(update, params![model.0, text, nil])?;
    }
    connection.execute("DELETE FROM definitions WHERE model = ?1 AND instr(definition, ?2)", params![model.0, text])?;
    Ok(())
}
