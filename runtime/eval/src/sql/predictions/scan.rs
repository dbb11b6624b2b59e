//! The plan of one scan: files as they are, and rows that values are joined to.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::{
    catalog::Session,
    common::{DFSchema, Statistics, stats::Precision},
    datasource::{
        listing::PartitionedFile,
        physical_plan::{FileGroup, FileScanConfigBuilder},
        source::DataSourceExec,
    },
    error::Result,
    logical_expr::{Expr, lit},
    physical_plan::{
        ExecutionPlan, PhysicalExpr, empty::EmptyExec, filter::FilterExecBuilder, projection::ProjectionExec,
        union::UnionExec,
    },
    prelude::ident,
    scalar::ScalarValue,
};
use driftline_core::{ID, TIME};
use driftline_storage::Segment;

use super::Predictions;
use crate::{
    scan::FilePart,
    source::Unit,
    sql::{
        bounds::{Bounds, Meeting},
        ids::ID_TEXT,
        units::UnitsExec,
    },
};

/// One scan of a table.
#[derive(Clone)]
pub(super) struct Scan<'a> {
    pub table: &'a Predictions,
    pub state: &'a dyn Session,
    /// The columns that are given, as they are kept and as they are shown.
    pub kept: SchemaRef,
    pub shown: SchemaRef,
    pub bounds: Bounds,
    /// What rules out row groups.
    pub pruning: Option<Expr>,
    pub limit: Option<usize>,
}

impl Scan<'_> {
    pub fn plan(self, units: Vec<(Unit, Meeting)>) -> Result<Arc<dyn ExecutionPlan>> {
        let (mut inside, mut across, mut joined) = (Vec::new(), Vec::new(), Vec::new());
        for (unit, meeting) in units {
            match (unit.plain_segment(), meeting) {
                (Some(_), Meeting::Inside) => inside.push(unit),
                (Some(_), _) => across.push(unit),
                (None, _) => joined.push(unit),
            }
        }
        let mut plans = Vec::new();
        if !inside.is_empty() {
            plans.push(self.shown(self.files(&inside, &self.kept)?)?);
        }
        if !across.is_empty() {
            plans.push(self.shown(self.bounded(&across)?)?);
        }
        if !joined.is_empty() {
            plans.push(self.joined(joined)?);
        }
        match plans.len() {
            0 => Ok(Arc::new(EmptyExec::new(self.shown))),
            1 => Ok(plans.remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }

    /// The rows of whole files, which the engine may cut as it likes.
    fn files(&self, units: &[Unit], columns: &SchemaRef) -> Result<Arc<dyn ExecutionPlan>> {
        // A file is never read without a column, not even to count its rows.
        let mut read: Vec<Arc<Field>> = columns.fields().iter().cloned().collect();
        let stored = self.table.snapshot.model.schema.arrow_predictions();
        let pruned = [Some(TIME), self.pruning.as_ref().map(|_| ID)];
        for name in pruned.into_iter().flatten().filter(|name| columns.field_with_name(name).is_err()) {
            read.extend(stored.fields().find(name).map(|(_, field)| Arc::clone(field)));
        }
        let read: SchemaRef = Arc::new(Schema::new(read));
        let mut source = self.table.scanner.source(&read);
        if let Some(pruning) = self.pruning(&read, Bounds::ALL)? {
            source = source.with_predicate(pruning);
        }
        let files: Vec<_> = units.iter().filter_map(Unit::plain_segment).map(|file| partitioned(file, &read)).collect();
        let statistics = Statistics::try_merge_iter(files.iter().filter_map(|file| file.statistics.as_deref()), &read)?;
        let groups = FileGroup::new(files).split_files(self.state.config().target_partitions());
        let config = FileScanConfigBuilder::new(self.table.scanner.store(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some((0..columns.fields().len()).collect()))?
            .with_limit(self.limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// The rows between the bounds, of files that have others too.
    fn bounded(&self, units: &[Unit]) -> Result<Arc<dyn ExecutionPlan>> {
        let mut read: Vec<Arc<Field>> = self.kept.fields().iter().cloned().collect();
        if self.kept.field_with_name(TIME).is_err() {
            let stored = self.table.snapshot.model.schema.arrow_predictions();
            read.extend(stored.fields().find(TIME).map(|(_, field)| Arc::clone(field)));
        }
        let read: SchemaRef = Arc::new(Schema::new(read));
        let Some(condition) = in_bounds(self.bounds) else { return self.files(units, &self.kept) };
        let unlimited = Scan { limit: None, ..self.clone() };
        let files = unlimited.files(units, &read)?;
        let condition = self.table.expressions.compile_logical(condition, &read)?;
        let rows = FilterExecBuilder::new(condition, files)
            .apply_projection(Some((0..self.kept.fields().len()).collect()))?
            .with_fetch(self.limit)
            .build()?;
        Ok(Arc::new(rows))
    }

    /// The rows that values are joined to, or that are in memory.
    fn joined(&self, units: Vec<Unit>) -> Result<Arc<dyn ExecutionPlan>> {
        let parts = self.state.config().target_partitions();
        let (kept, shown) = (Arc::clone(&self.kept), Arc::clone(&self.shown));
        let units = UnitsExec::new(units, parts, kept, shown, self.bounds, self.table.scanner.clone());
        let pruning = self.pruning(units.read_schema(), self.bounds)?;
        Ok(Arc::new(units.with_pruning(pruning).with_limit(self.limit)))
    }

    fn pruning(&self, read: &SchemaRef, bounds: Bounds) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let conditions = [self.pruning.clone(), in_bounds(bounds)].into_iter().flatten();
        let condition = conditions.reduce(Expr::and);
        condition.map(|condition| self.table.expressions.compile_logical(condition, read)).transpose()
    }

    /// Ids as text.
    fn shown(&self, rows: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        if self.kept.field_with_name(ID).is_err() {
            return Ok(rows);
        }
        let columns = DFSchema::try_from(Arc::clone(&self.kept))?;
        let shown = self.kept.fields().iter().map(|field| {
            let column = ident(field.name());
            let column = if field.name() == ID { ID_TEXT.call(vec![column]) } else { column };
            Ok((self.state.create_physical_expr(column, &columns)?, field.name().clone()))
        });
        let rows = ProjectionExec::try_new(shown.collect::<Result<Vec<_>>>()?, rows)?;
        Ok(Arc::new(rows))
    }
}

fn partitioned(segment: (&FilePart, &Segment), read: &SchemaRef) -> PartitionedFile {
    let (file, segment) = segment;
    let mut known = Statistics::new_unknown(read);
    known.num_rows = Precision::Exact(usize::try_from(segment.rows).unwrap_or(usize::MAX));
    for (field, column) in read.fields().iter().zip(&mut known.column_statistics) {
        if field.name() == TIME {
            let instant = |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
            column.min_value = Precision::Exact(instant(segment.min_time.micros()));
            column.max_value = Precision::Exact(instant(segment.max_time.micros()));
            column.null_count = Precision::Exact(0);
        }
        if field.name() == ID {
            let id = |id: [u8; 16]| ScalarValue::FixedSizeBinary(16, Some(id.into()));
            column.min_value = Precision::Exact(id(segment.min_id));
            column.max_value = Precision::Exact(id(segment.max_id));
            column.null_count = Precision::Exact(0);
        }
    }
    file.partitioned().with_statistics(Arc::new(known))
}

fn in_bounds(bounds: Bounds) -> Option<Expr> {
    let instant = |micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
    let from = (bounds.start > i64::MIN).then(|| ident(TIME).gt_eq(instant(bounds.start)));
    let to = (bounds.end < i64::MAX).then(|| ident(TIME).lt(instant(bounds.end)));
    from.into_iter().chain(to).reduce(Expr::and)
}
