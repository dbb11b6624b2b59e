//! The records of the catalog as tables, listed while they are read.

mod aggregates;
mod column;
mod evaluations;
mod lists;

use std::{fmt, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, TableProviderFilterPushDown, TableType},
    physical_plan::{
        ExecutionPlan,
        stream::RecordBatchReceiverStreamBuilder,
        streaming::{PartitionStream, StreamingTableExec},
    },
};
use driftline_storage::Storage;

/// The table of records called `name`, if there is one.
pub(super) fn table(name: &str, storage: &Storage) -> Option<Arc<dyn TableProvider>> {
    let storage = storage.clone();
    let records: Arc<dyn Records> = match name {
        "models" => Arc::new(lists::models(storage)),
        "columns" => Arc::new(lists::columns(storage)),
        "plugins" => Arc::new(lists::plugins(storage)),
        "datasets" => Arc::new(lists::datasets(storage)),
        "aggregates" => Arc::new(aggregates::Aggregates::new(storage)),
        "evaluations" => Arc::new(evaluations::Evaluations::new(storage)),
        _ => return None,
    };
    Some(Arc::new(RecordTable(records)))
}

/// Records of one kind.
trait Records: Send + Sync + 'static {
    /// All their columns.
    fn schema(&self) -> SchemaRef;

    /// Gives the records that can pass `filters`, with the columns of this
    /// projection, to `take` until that is false; of one unchanging view. Blocks.
    fn read(
        &self,
        projection: &[usize],
        filters: &[Expr],
        take: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> std::result::Result<(), driftline_storage::Error>;
}

struct RecordTable(Arc<dyn Records>);

impl fmt::Debug for RecordTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordTable")
    }
}

#[async_trait]
impl TableProvider for RecordTable {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // What passes is looked at again: not every condition narrows the reading.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.0.schema();
        let projection = projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        let schema = Arc::new(schema.project(&projection)?);
        let listing: Arc<dyn PartitionStream> = Arc::new(Listing {
            records: Arc::clone(&self.0),
            schema: Arc::clone(&schema),
            projection,
            filters: filters.to_vec(),
        });
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![listing], None, None, false, limit)?))
    }
}

/// One reading of records.
struct Listing {
    records: Arc<dyn Records>,
    schema: SchemaRef,
    projection: Vec<usize>,
    filters: Vec<Expr>,
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listing")
    }
}

/// Batches that wait to be taken.
const AHEAD: usize = 1;

impl PartitionStream for Listing {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut batches = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), AHEAD);
        let taken = batches.tx();
        let (records, projection, filters) = (Arc::clone(&self.records), self.projection.clone(), self.filters.clone());
        batches.spawn_blocking(move || {
            let mut take = |batch| taken.blocking_send(Ok(batch)).is_ok();
            records.read(&projection, &filters, &mut take).map_err(|error| DataFusionError::External(Box::new(error)))
        });
        batches.build()
    }
}
