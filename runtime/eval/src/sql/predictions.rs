//! A model's predictions as a table: one snapshot, delayed metrics joined in.

mod scan;

use std::{fmt, sync::Arc};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    error::{DataFusionError, Result},
    logical_expr::{Expr, TableProviderFilterPushDown, TableType, lit},
    physical_plan::{ExecutionPlan, empty::EmptyExec},
    prelude::ident,
    scalar::ScalarValue,
};
use driftline_core::ID;
use driftline_storage::{Snapshot, Storage};
use uuid::Uuid;

use self::scan::Scan;
use super::{
    bounds::{Bounds, Meeting, only_id},
    ids::with_text_ids,
};
use crate::{
    expression::Expressions,
    scan::Scanner,
    source::{Source, Unit},
};

/// The rows of one snapshot of a model. Ids are text here.
pub(super) struct Predictions {
    storage: Storage,
    snapshot: Snapshot,
    expressions: Expressions,
    scanner: Scanner,
    schema: SchemaRef,
}

impl fmt::Debug for Predictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Predictions").field(&self.snapshot.model.name).finish()
    }
}

impl Predictions {
    pub fn new(storage: Storage, snapshot: Snapshot, expressions: Expressions, scanner: Scanner) -> Self {
        let schema = with_text_ids(&snapshot.model.schema.arrow_predictions());
        Self { storage, snapshot, expressions, scanner, schema }
    }

    /// The units that hold rows between `bounds`, with the delayed values of `columns`.
    async fn units(&self, columns: &SchemaRef, bounds: Bounds) -> Result<Vec<(Unit, Meeting)>> {
        let names: Vec<String> = columns.fields().iter().map(|field| field.name().clone()).collect();
        let (storage, snapshot) = (self.storage.clone(), self.snapshot.clone());
        let units = move || {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Source::of_snapshot(&storage, &snapshot, &names).map(|source| source.units)
        };
        let units = tokio::task::spawn_blocking(units).await;
        let units = units.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?;
        let units = units.map_err(|error| DataFusionError::External(Box::new(error)))?;
        let met = units.into_iter().map(|unit| {
            let meeting = match unit.times {
                Some((first, last)) => bounds.meet(first.micros(), last.micros()),
                None => Meeting::Across,
            };
            (unit, meeting)
        });
        Ok(met.filter(|(_, meeting)| *meeting != Meeting::Apart).collect())
    }
}

#[async_trait]
impl TableProvider for Predictions {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| match Bounds::of(filter) {
                Some(_) => TableProviderFilterPushDown::Exact,
                None => TableProviderFilterPushDown::Inexact,
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        let kept: SchemaRef = Arc::new(self.snapshot.model.schema.arrow_predictions().project(projection)?);
        let shown: SchemaRef = Arc::new(self.schema.project(projection)?);
        let bounds = Bounds::of_all(filters);
        let id = only_id(filters).map(|id| Uuid::try_parse(&id).map(Uuid::into_bytes));
        if matches!(id, Some(Err(_))) || bounds.start >= bounds.end {
            return Ok(Arc::new(EmptyExec::new(shown)));
        }
        let pruning =
            id.and_then(Result::ok).map(|id| ident(ID).eq(lit(ScalarValue::FixedSizeBinary(16, Some(id.into())))));
        let units = self.units(&kept, bounds).await?;
        Scan { table: self, state, kept, shown, bounds, pruning, limit }.plan(units)
    }
}
