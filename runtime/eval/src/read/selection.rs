//! Which rows of a unit are asked for.

use std::sync::Arc;

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch},
    compute::filter_record_batch,
    datatypes::SchemaRef,
};
use datafusion::physical_plan::PhysicalExpr;
use driftline_core::Window;

use super::merge;
use crate::{
    Error,
    expression::{Expression, Expressions},
    request::Position,
    source::time_pruning,
};

/// The conditions of a read, ready to be applied to batches of one schema.
#[derive(Clone)]
pub(super) struct Selection {
    /// The columns that are read.
    pub schema: SchemaRef,
    /// Rules out row groups and pages.
    pub pruning: Option<Arc<dyn PhysicalExpr>>,
    window: Option<Window>,
    after: Option<Position>,
    filter: Option<Arc<dyn PhysicalExpr>>,
}

impl Selection {
    pub fn new(
        expressions: &Expressions,
        schema: SchemaRef,
        window: Option<Window>,
        after: Option<Position>,
        filter: Option<&Expression>,
    ) -> Result<Self, Error> {
        let pruning = window.map(|window| time_pruning(expressions, window, &schema)).transpose()?.flatten();
        let filter = filter.map(|filter| expressions.compile(filter, &schema)).transpose()?;
        Ok(Self { schema, pruning, window, after, filter })
    }

    /// The rows inside the window, after the position, that pass the filter; in their order.
    pub fn apply(&self, batch: RecordBatch) -> Result<RecordBatch, Error> {
        let batch = self.in_range(batch)?;
        match &self.filter {
            Some(filter) if batch.num_rows() > 0 => {
                let passes = filter.evaluate(&batch)?.into_array(batch.num_rows())?;
                Ok(filter_record_batch(&batch, passes.as_boolean())?)
            }
            _ => Ok(batch),
        }
    }

    fn in_range(&self, batch: RecordBatch) -> Result<RecordBatch, Error> {
        if self.window.is_none() && self.after.is_none() {
            return Ok(batch);
        }
        let (Some(times), Some(ids)) = (merge::times(&batch), merge::ids(&batch)) else { return Ok(batch) };
        let inside = |(row, time): (usize, &i64)| {
            let in_window = self.window.is_none_or(|w| w.start().micros() <= *time && *time < w.end().micros());
            let follows = self.after.is_none_or(|after| (*time, ids.value(row)) > (after.time_micros, &after.id[..]));
            Some(in_window && follows)
        };
        let mask: BooleanArray = times.iter().enumerate().map(inside).collect();
        Ok(filter_record_batch(&batch, &mask)?)
    }
}
