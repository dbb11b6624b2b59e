//! One round of compaction: neighbouring segments of one model become one.

mod choice;

use arrow::datatypes::SchemaRef;

use crate::{
    Error, Kind, Step, delayed_file,
    draft::{Draft, NewSegment, Origin},
    fold,
    latest::Latest,
    merge::Merge,
    model::{self, Model, ModelId},
    parquet_file::{self, Part},
    replace::{Replacement, replace},
    rows,
    segment::{self, Listing},
    storage::Inner,
};

/// Merges one run of the model's segments; tells whether there was one.
pub(crate) fn round(inner: &Inner, id: ModelId) -> Result<bool, Error> {
    inner.options.faults.pass(Step::CompactRead)?;
    let limits = choice::Limits { rows: inner.options.segment_rows as u64, bytes: inner.options.segment_bytes };
    let (model, generation, predictions, delayed) = inner.catalog.read(|view| {
        let predictions = segment::all(view, id, Kind::Predictions)?;
        let delayed = fold::ready(view, id)?;
        Ok((model::by_id(view, id)?, segment::generation(view)?, predictions, delayed))
    })?;
    if let Some(run) = choice::of_predictions(&predictions, limits) {
        return merge_predictions(inner, &model, &predictions[run]).map(|()| true);
    }
    // What still waits to be folded is not worth merging.
    let settled = |file: &Listing| !predictions.iter().any(|segment| fold::concerns(file, segment));
    match choice::of_delayed(&delayed, limits, settled) {
        Some(run) => merge_delayed(inner, &model, &delayed[run], generation).map(|()| true),
        None => Ok(false),
    }
}

fn merge_predictions(inner: &Inner, model: &Model, run: &[Listing]) -> Result<(), Error> {
    let mut schemas: Vec<SchemaRef> = Vec::new();
    for listing in run {
        inner.files.verify(&listing.path(), &listing.digest)?;
        schemas.push(parquet_file::schema(&inner.files, &listing.path(), listing.bytes)?);
    }
    let schema = rows::occurring(Kind::Predictions, &model.schema, schemas.iter());
    let generation = run.iter().map(|listing| listing.generation).max().unwrap_or_default();
    let origin = Origin { model: model.id, seqs: seqs(run), generation, applied: 0 };
    let mut draft = Draft::new(&inner.files, Kind::Predictions, schema.clone(), origin)?;
    let mut merge = Merge::new(&inner.files, schema, run);
    while let Some(batch) = merge.next()? {
        inner.go_on()?;
        draft.add(&batch)?;
    }
    inner.options.faults.pass(Step::CompactWrite)?;
    tracing::debug!(model = %model.name, files = run.len(), "merging segments");
    finish(inner, model, run, draft.store()?)
}

fn merge_delayed(inner: &Inner, model: &Model, run: &[Listing], applied: u64) -> Result<(), Error> {
    let mut batches = Vec::new();
    for listing in run {
        batches.extend(delayed_file::read(&inner.files, listing, Part::default())?);
    }
    let schema = rows::occurring(Kind::Delayed, &model.schema, batches.iter().map(|batch| batch.schema_ref()));
    let latest = Latest::of(&schema, &batches)?;
    drop(batches);
    let generation = run.iter().map(|listing| listing.generation).max().unwrap_or_default();
    let origin = Origin { model: model.id, seqs: seqs(run), generation, applied };
    let merged = latest.store(&schema, &latest.arrived(), inner.options.segment_rows, &inner.files, origin)?;
    tracing::debug!(model = %model.name, files = run.len(), "merging delayed metrics");
    finish(inner, model, run, merged)
}

fn finish(
    inner: &Inner,
    model: &Model,
    run: &[Listing],
    merged: impl IntoIterator<Item = NewSegment>,
) -> Result<(), Error> {
    let new = merged.into_iter().collect();
    replace(
        inner,
        Replacement {
            model: model.id,
            old: run.to_vec(),
            new,
            applied: Default::default(),
            expired: 0,
            touched: Vec::new(),
        },
    )
}

/// The first and last log row that went into any of `listings`.
pub(crate) fn seqs(listings: &[Listing]) -> (i64, i64) {
    let first = listings.iter().map(|listing| listing.seqs.0).min();
    let last = listings.iter().map(|listing| listing.seqs.1).max();
    first.zip(last).unwrap_or_default()
}
