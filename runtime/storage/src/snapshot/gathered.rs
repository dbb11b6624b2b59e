//! Unsealed rows in batches that are worth their while.

use std::sync::Arc;

use arrow::{array::RecordBatch, compute::concat_batches, datatypes::SchemaRef};

use crate::{Error, Model, fitting::Fitting};

/// Rows in a batch of unsealed rows, at most (unless a log row has more).
const GATHERED: usize = 32_768;

/// Casts log rows to the model's columns and joins small neighbours.
pub(super) fn gathered(model: &Model, batches: &[Arc<RecordBatch>]) -> Result<Vec<RecordBatch>, Error> {
    let schema = model.schema.arrow_predictions();
    let mut fitting = Fitting::to(&schema);
    let mut gathered = Vec::new();
    let mut open: Vec<RecordBatch> = Vec::new();
    let mut open_rows = 0;
    for batch in batches {
        if open_rows > 0 && open_rows + batch.num_rows() > GATHERED {
            gathered.push(joined(&schema, &mut open)?);
            open_rows = 0;
        }
        open_rows += batch.num_rows();
        open.push(fitting.fit(batch)?);
    }
    if !open.is_empty() {
        gathered.push(joined(&schema, &mut open)?);
    }
    Ok(gathered)
}

fn joined(schema: &SchemaRef, open: &mut Vec<RecordBatch>) -> Result<RecordBatch, Error> {
    let batches = std::mem::take(open);
    match <[RecordBatch; 1]>::try_from(batches) {
        Ok([only]) => Ok(only),
        Err(many) => concat_batches(schema, &many).map_err(|error| Error::failed("joining unsealed rows", error)),
    }
}
