//! Rows that values are joined to while they are read, or that are in memory, as a leaf of a plan.

use std::{collections::HashSet, fmt, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions},
    compute::filter_record_batch,
    datatypes::{Field, Schema, SchemaRef, TimestampMicrosecondType},
};
use datafusion::{
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::EquivalenceProperties,
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties,
        execution_plan::{Boundedness, EmissionType},
        stream::RecordBatchStreamAdapter,
    },
};
use driftline_core::{ID, TIME};
use futures::{StreamExt, TryFutureExt, TryStreamExt, stream, stream::BoxStream};

use super::{bounds::Bounds, ids::id_text};
use crate::{Error, scan::Scanner, source::Unit};

/// Reads units, some in each partition.
#[derive(Clone)]
pub(super) struct UnitsExec {
    parts: Vec<Vec<Unit>>,
    rows: Rows,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
}

/// Which rows of a unit are given, and how.
#[derive(Clone)]
struct Rows {
    scanner: Scanner,
    read: SchemaRef,
    shown: SchemaRef,
    bounds: Bounds,
    pruning: Option<Arc<dyn PhysicalExpr>>,
}

impl UnitsExec {
    /// The rows of `units` between `bounds` with the columns `kept`, which are given as `shown`.
    pub fn new(
        units: Vec<Unit>,
        parts: usize,
        kept: SchemaRef,
        shown: SchemaRef,
        bounds: Bounds,
        scanner: Scanner,
    ) -> Self {
        let read = with_keys(&kept, &units.iter().flat_map(Unit::needs).collect());
        let parts = spread(units, parts);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&shown)),
            Partitioning::UnknownPartitioning(parts.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let rows = Rows { scanner, read, shown, bounds, pruning: None };
        Self { parts, rows, limit: None, properties: Arc::new(properties) }
    }

    /// The columns that are read, over which a condition for [`Self::with_pruning`] is compiled.
    pub fn read_schema(&self) -> &SchemaRef {
        &self.rows.read
    }

    /// Row groups that `pruning` rules out are skipped.
    pub fn with_pruning(mut self, pruning: Option<Arc<dyn PhysicalExpr>>) -> Self {
        self.rows.pruning = pruning;
        self
    }

    /// No partition gives more rows than it must.
    pub fn with_limit(self, limit: Option<usize>) -> Self {
        Self { limit, ..self }
    }
}

/// The columns `kept`, and those that reading the units and bounds need.
fn with_keys(kept: &SchemaRef, needed: &HashSet<&str>) -> SchemaRef {
    let own = driftline_core::Schema::default().arrow_predictions();
    let keys = own.fields().iter().filter(|field| field.name() == TIME || needed.contains(field.name().as_str()));
    let missing = keys.filter(|field| kept.field_with_name(field.name()).is_err());
    let fields: Vec<Arc<Field>> = kept.fields().iter().chain(missing).cloned().collect();
    Arc::new(Schema::new(fields))
}

/// Deals parts of units out, so that each partition has about as much to do.
fn spread(units: Vec<Unit>, parts: usize) -> Vec<Vec<Unit>> {
    let cut: Vec<Unit> = units.iter().flat_map(|unit| unit.split(parts as u64)).collect();
    let mut dealt: Vec<Vec<Unit>> = vec![Vec::new(); parts.clamp(1, cut.len().max(1))];
    let count = dealt.len();
    for (at, unit) in cut.into_iter().enumerate() {
        if let Some(part) = dealt.get_mut(at % count) {
            part.push(unit);
        }
    }
    dealt
}

impl Rows {
    fn of(self, unit: Unit) -> BoxStream<'static, Result<RecordBatch>> {
        let opened = async move {
            let stored = unit.clone();
            let verified = tokio::task::spawn_blocking(move || stored.verify()).await;
            verified.map_err(|error| Error::Worker(error.to_string()))??;
            let batches = unit.read(&self.scanner, &self.read, self.pruning.clone())?;
            Ok::<_, Error>(batches.map(move |batch| self.give(&batch?)))
        };
        opened.try_flatten_stream().map_err(|error| DataFusionError::External(Box::new(error))).boxed()
    }

    fn give(&self, batch: &RecordBatch) -> std::result::Result<RecordBatch, Error> {
        let inside;
        let batch = match batch.column_by_name(TIME) {
            Some(times) if self.bounds != Bounds::ALL => {
                let times = times.as_primitive::<TimestampMicrosecondType>().values();
                let mask: BooleanArray = times.iter().map(|time| Some(self.bounds.contains(*time))).collect();
                inside = filter_record_batch(batch, &mask)?;
                &inside
            }
            _ => batch,
        };
        let columns = self.shown.fields().iter().map(|field| {
            let column = batch.column_by_name(field.name()).ok_or_else(|| {
                arrow::error::ArrowError::SchemaError(format!("the column `{}` was not read", field.name()))
            })?;
            Ok(if field.name() == ID { id_text(column) } else { Arc::clone(column) })
        });
        let columns: Vec<ArrayRef> = columns.collect::<std::result::Result<_, Error>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.shown), columns, &options)?)
    }
}

impl fmt::Debug for UnitsExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitsExec").field("partitions", &self.parts.len()).finish_non_exhaustive()
    }
}

impl DisplayAs for UnitsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: usize = self.parts.iter().map(Vec::len).sum();
        let columns: Vec<_> = self.rows.shown.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "UnitsExec: parts={units}, columns=[{}]", columns.join(", "))
    }
}

impl ExecutionPlan for UnitsExec {
    fn name(&self) -> &str {
        "UnitsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.rows.pruning.as_ref().map_or(Ok(TreeNodeRecursion::Continue), f)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn supports_limit_pushdown(&self) -> bool {
        false
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(self.clone().with_limit(limit)))
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let units = self.parts.get(partition).cloned().unwrap_or_default();
        let rows = self.rows.clone();
        let given = stream::iter(units).flat_map(move |unit| rows.clone().of(unit));
        let limited = cut(given.boxed(), self.limit);
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.rows.shown), limited)))
    }
}

/// At most `limit` rows.
fn cut(rows: BoxStream<'static, Result<RecordBatch>>, limit: Option<usize>) -> BoxStream<'static, Result<RecordBatch>> {
    let Some(limit) = limit else { return rows };
    let cut = rows.scan(limit, |left, batch| {
        let given = match batch {
            _ if *left == 0 => None,
            Ok(batch) => {
                let given = batch.slice(0, batch.num_rows().min(*left));
                *left -= given.num_rows();
                Some(Ok(given))
            }
            Err(error) => Some(Err(error)),
        };
        std::future::ready(given)
    });
    cut.boxed()
}
