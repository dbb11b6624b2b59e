//! A segment of predictions into which delayed metrics are folded.

use std::{collections::HashSet, sync::Arc};

use arrow::datatypes::SchemaRef;
use driftline_core::{ColumnType, ID, LABELLED_AT};

use super::places::Met;
use crate::{
    DelayedCells, Error, Kind,
    changes::quarter,
    draft::{Draft, NewSegment, Origin},
    latest::Latest,
    model::Model,
    parquet_file::{self, Part},
    rows,
    segment::Listing,
    storage::Inner,
};

/// Marks the ids of `latest` that the segment holds; tells whether there are any.
pub(super) fn mark_matches(
    inner: &Inner,
    segment: &Listing,
    latest: &Latest,
    matched: &mut [bool],
) -> Result<bool, Error> {
    let Some(ids) = latest.within(segment.ids) else { return Ok(false) };
    let path = segment.path();
    inner.files.verify(&path, &segment.digest)?;
    let part = Part { columns: Some(&[ID]), ids: Some(ids), group: None };
    let mut any = false;
    for batch in parquet_file::read(&inner.files, &path, segment.bytes, part)? {
        for slot in latest.find(&batch?)?.into_iter().flatten() {
            matched[slot as usize] = true;
            any = true;
        }
    }
    Ok(any)
}

/// Writes the segment anew with the values laid over its rows; they keep their order. Gives the slots whose ids it has,
/// each with the quarter of an hour of the row, besides.
pub(super) fn rewrite(
    inner: &Inner,
    model: &Model,
    segment: &Listing,
    latest: &Arc<Latest>,
    delayed: &SchemaRef,
) -> Result<(Option<NewSegment>, Met), Error> {
    let path = segment.path();
    let own = parquet_file::schema(&inner.files, &path, segment.bytes)?;
    let schema = rows::occurring(Kind::Predictions, &model.schema, [&own, delayed].into_iter());
    let folded = DelayedCells::new(columns(model, delayed), Some(latest.clone()), HashSet::new().into());
    let (seqs, generation) = (segment.seqs, segment.generation);
    let origin = Origin { model: model.id, seqs, generation, applied: 0 };
    let mut draft = Draft::new(&inner.files, Kind::Predictions, schema.clone(), origin)?;
    let mut met = Met::new();
    for batch in parquet_file::read(&inner.files, &path, segment.bytes, Part::default())? {
        inner.go_on()?;
        let rows = segment.rolled_up().strip(&batch?)?;
        let slots = latest.find(&rows)?.into_iter().zip(rows::times(&rows));
        met.extend(slots.filter_map(|(slot, time)| Some((slot?, quarter(*time)))));
        draft.add(&rows::fit(&folded.apply(&rows)?, &schema)?)?;
    }
    Ok((draft.store()?, met))
}

/// The columns of delayed metrics and their types.
fn columns(model: &Model, delayed: &SchemaRef) -> Vec<(String, ColumnType)> {
    let metrics = model.schema.columns().iter().filter(|column| delayed.field_with_name(&column.name).is_ok());
    let arrivals = std::iter::once((LABELLED_AT.to_owned(), ColumnType::Timestamp));
    arrivals.chain(metrics.map(|column| (column.name.clone(), column.column_type))).collect()
}
