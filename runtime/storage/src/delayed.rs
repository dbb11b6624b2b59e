//! Delayed metrics that are joined to their predictions on reading.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, TimestampMicrosecondArray, new_null_array},
    compute::{cast, is_not_null, kernels::zip::zip},
    datatypes::{Field, Schema as ArrowSchema, TimestampMicrosecondType},
};
use driftline_core::{ColumnType, LABELLED_AT};
use uuid::Uuid;

use crate::{Error, Segment, latest::Latest};

/// The pending values of some columns, by prediction id.
#[derive(Clone)]
pub struct DelayedCells {
    columns: Vec<(String, ColumnType)>,
    latest: Option<Arc<Latest>>,
    /// The segments with rows to which values may belong.
    segments: Arc<HashSet<Uuid>>,
}

impl DelayedCells {
    pub(crate) fn new(
        columns: Vec<(String, ColumnType)>,
        latest: Option<Arc<Latest>>,
        segments: Arc<HashSet<Uuid>>,
    ) -> Self {
        Self { columns, latest, segments }
    }

    /// What may belong to rows of `segment`: nothing when its delayed values are folded in.
    pub fn of(&self, segment: &Segment) -> Self {
        let waits =
            |latest: &Arc<Latest>| self.segments.contains(&segment.id) && latest.within(segment.ids()).is_some();
        let latest = self.latest.clone().filter(waits);
        Self { latest, ..self.clone() }
    }

    /// Whether no value is pending, so that [`Self::apply`] changes no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For how many ids a value is pending.
    pub fn len(&self) -> usize {
        self.latest.as_ref().map_or(0, |latest| latest.len())
    }

    /// Lays the delayed values over `batch`, which has the column `id`.
    ///
    /// A cell becomes its delayed value where there is one and stays as it is
    /// otherwise; `labelled_at` becomes the earlier of both. Asked-for columns that `batch` lacks are added at the end; all
    /// of them have the model's types afterwards.
    ///
    /// # Errors
    /// [`Error::Rows`] when the column `id` is missing.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let slots = self.latest.as_ref().map(|latest| latest.find(batch)).transpose()?;
        let mut fields: Vec<Arc<Field>> = batch.schema_ref().fields().iter().cloned().collect();
        let mut columns = batch.columns().to_vec();
        for (name, held) in &self.columns {
            let field = Arc::new(Field::new(name, held.arrow(), true));
            let delayed = match (&self.latest, &slots) {
                (Some(latest), Some(slots)) => latest.values(name, slots)?,
                _ => None,
            };
            match batch.schema_ref().column_with_name(name) {
                Some((index, _)) => {
                    columns[index] = overlay(&columns[index], delayed, &field)?;
                    fields[index] = field;
                }
                None => {
                    columns.push(delayed.unwrap_or_else(|| new_null_array(field.data_type(), batch.num_rows())));
                    fields.push(field);
                }
            }
        }
        let schema = ArrowSchema::new_with_metadata(fields, batch.schema_ref().metadata().clone());
        RecordBatch::try_new(Arc::new(schema), columns).map_err(failed)
    }
}

/// The first arrivals, where some may be folded in already and others pending.
fn earlier(own: &ArrayRef, delayed: &ArrayRef) -> Option<ArrayRef> {
    let own = own.as_primitive_opt::<TimestampMicrosecondType>()?;
    let delayed = delayed.as_primitive_opt::<TimestampMicrosecondType>()?;
    let first: TimestampMicrosecondArray =
        own.iter().zip(delayed).map(|(own, delayed)| own.into_iter().chain(delayed).min()).collect();
    Some(Arc::new(first.with_timezone("UTC")))
}

fn overlay(own: &ArrayRef, delayed: Option<ArrayRef>, field: &Field) -> Result<ArrayRef, Error> {
    let own = if own.data_type() == field.data_type() {
        own.clone()
    } else {
        cast(own, field.data_type()).map_err(failed)?
    };
    let Some(delayed) = delayed else { return Ok(own) };
    if field.name() == LABELLED_AT
        && let Some(first) = earlier(&own, &delayed)
    {
        return Ok(first);
    }
    if delayed.null_count() == 0 || own.logical_null_count() == own.len() {
        return Ok(delayed);
    }
    if delayed.null_count() == delayed.len() {
        return Ok(own);
    }
    let has_delayed = is_not_null(&delayed).map_err(failed)?;
    zip(&has_delayed, &delayed, &own).map_err(failed)
}

fn failed(error: arrow::error::ArrowError) -> Error {
    Error::failed("joining delayed metrics", error)
}
