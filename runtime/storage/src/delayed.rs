//! Delayed metrics that are joined to their predictions on reading.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, RecordBatch, new_null_array},
    compute::{cast, is_not_null, kernels::zip::zip},
    datatypes::{Field, Schema as ArrowSchema},
};
use driftline_core::ColumnType;

use crate::{Error, latest::Latest};

/// The pending values of some columns, by prediction id.
#[derive(Clone)]
pub struct DelayedCells {
    columns: Vec<(String, ColumnType)>,
    latest: Option<Arc<Latest>>,
}

impl DelayedCells {
    pub(crate) fn new(columns: Vec<(String, ColumnType)>, latest: Option<Arc<Latest>>) -> Self {
        Self { columns, latest }
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
    /// otherwise. Asked-for columns that `batch` lacks are added at the end; all
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

fn overlay(own: &ArrayRef, delayed: Option<ArrayRef>, field: &Field) -> Result<ArrayRef, Error> {
    let own = if own.data_type() == field.data_type() {
        own.clone()
    } else {
        cast(own, field.data_type()).map_err(failed)?
    };
    let Some(delayed) = delayed else { return Ok(own) };
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
