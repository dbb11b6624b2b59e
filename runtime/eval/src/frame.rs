//! The expressions of a request, compiled for the batches of one unit.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, BooleanArray, RecordBatch, cast::AsArray},
    compute::{cast, filter_record_batch},
    datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType},
    row::{RowConverter, SortField},
};
use datafusion::physical_plan::PhysicalExpr;
use driftline_core::{Cells, Kind, TIME};

use crate::{
    Error,
    binding::{Binding, BoundExpression},
    expression::{Expression, Expressions},
    groups::{GroupIndex, Periods},
};

/// What is computed from rows: who passes, which group they belong to, and the plugin's cells.
#[derive(Clone)]
pub(crate) struct Shape {
    pub filter: Option<Expression>,
    pub groups: Vec<Expression>,
    pub bindings: Vec<Binding>,
    pub periods: Arc<Periods>,
    /// All columns there are; the frame reads those it needs.
    pub schema: SchemaRef,
}

/// A [`Shape`] compiled for one unit.
pub(crate) struct Frame {
    /// The columns to read.
    pub schema: SchemaRef,
    filter: Option<Arc<dyn PhysicalExpr>>,
    groups: GroupIndex,
    group_expressions: Vec<Arc<dyn PhysicalExpr>>,
    cells: Vec<(Arc<dyn PhysicalExpr>, Kind)>,
    bindings: Vec<Vec<Option<CellUse>>>,
}

/// Which of the frame's cells feed a column of the plugin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CellUse {
    pub cells: usize,
    pub nullable: bool,
}

/// The part of a batch that passes the filter and lies in a period.
pub(crate) struct FramedRows {
    pub rows: usize,
    /// For each group its rows; `None` when all rows are of one group.
    pub groups: Vec<(crate::groups::GroupKey, Option<arrow::array::UInt32Array>)>,
    /// One entry for each distinct expression.
    pub cells: Vec<Cells>,
}

impl Shape {
    /// The same for some of the sets of columns.
    pub fn of_bindings(&self, bindings: Vec<Binding>) -> Self {
        Self {
            filter: self.filter.clone(),
            groups: self.groups.clone(),
            bindings,
            periods: Arc::clone(&self.periods),
            schema: Arc::clone(&self.schema),
        }
    }

    /// The columns that expressions read.
    pub fn columns(&self) -> BTreeSet<&str> {
        let bound =
            self.bindings.iter().flat_map(|binding| binding.columns.iter().flatten()).map(|bound| &bound.expression);
        self.filter.iter().chain(&self.groups).chain(bound).flat_map(|e| e.columns.iter().map(String::as_str)).collect()
    }

    /// Compiles for a unit. `period` is the only period its rows can lie in, if
    /// that is so; `also` are columns that reading it needs.
    pub fn compile(&self, expressions: &Expressions, period: Option<u32>, also: &[&str]) -> Result<Frame, Error> {
        let schema = self.projected(period.is_none(), also);
        let compile = |expression: &Expression| expressions.compile(expression, &schema);
        let mut distinct: Vec<&BoundExpression> = Vec::new();
        let mut bindings = Vec::new();
        for binding in &self.bindings {
            let mut uses = Vec::new();
            for column in &binding.columns {
                uses.push(column.as_ref().map(|bound| {
                    let same = |known: &&BoundExpression| {
                        known.expression.text == bound.expression.text && known.kind == bound.kind
                    };
                    let cells = distinct.iter().position(same).unwrap_or_else(|| {
                        distinct.push(bound);
                        distinct.len() - 1
                    });
                    CellUse { cells, nullable: bound.nullable }
                }));
            }
            bindings.push(uses);
        }
        let cells: Result<Vec<_>, Error> =
            distinct.iter().map(|bound| Ok((compile(&bound.expression)?, bound.kind))).collect();
        let group_expressions: Result<Vec<_>, _> = self.groups.iter().map(compile).collect();
        Ok(Frame {
            filter: self.filter.as_ref().map(compile).transpose()?,
            groups: GroupIndex::new(Arc::clone(&self.periods), period, row_converter(&self.groups)?),
            group_expressions: group_expressions?,
            cells: cells?,
            bindings,
            schema,
        })
    }

    fn projected(&self, with_time: bool, also: &[&str]) -> SchemaRef {
        let columns = self.columns();
        let wanted = |field: &&Arc<Field>| match field.name().as_str() {
            TIME if with_time => true,
            name => also.contains(&name) || columns.contains(name),
        };
        Arc::new(Schema::new(self.schema.fields().iter().filter(wanted).cloned().collect::<Vec<_>>()))
    }
}

/// Turns grouping values into bytes that order like the values, and back.
pub(crate) fn row_converter(groups: &[Expression]) -> Result<Option<RowConverter>, Error> {
    if groups.is_empty() {
        return Ok(None);
    }
    let fields = groups.iter().map(|group| SortField::new(slice_type(&group.data_type))).collect();
    Ok(Some(RowConverter::new(fields)?))
}

/// The types in which the values of grouping expressions are kept.
pub(crate) fn slice_types(groups: &[Expression]) -> Vec<DataType> {
    groups.iter().map(|group| slice_type(&group.data_type)).collect()
}

fn slice_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Boolean => DataType::Boolean,
        data_type if data_type.is_integer() => DataType::Int64,
        data_type if data_type.is_floating() => DataType::Float64,
        _ => DataType::Utf8,
    }
}

impl Frame {
    /// For each binding which cells feed its columns.
    pub fn bindings(&self) -> &[Vec<Option<CellUse>>] {
        &self.bindings
    }

    /// The rows of `batch` that count, or `None` when none does.
    pub fn apply(&self, batch: &RecordBatch) -> Result<Option<FramedRows>, Error> {
        let filtered;
        let batch = match &self.filter {
            Some(filter) => {
                filtered = filter_record_batch(batch, &truth(filter, batch)?)?;
                &filtered
            }
            None => batch,
        };
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        let times = batch.column_by_name(TIME).map(|times| times.as_primitive::<TimestampMicrosecondType>().values());
        let slices: Result<Vec<ArrayRef>, Error> = self
            .group_expressions
            .iter()
            .map(|group| {
                let values = evaluate(group, batch)?;
                Ok(cast(&values, &slice_type(values.data_type()))?)
            })
            .collect();
        let groups = self.groups.split(batch.num_rows(), times.map(|times| &times[..]), &slices?)?;
        let rows = groups.iter().map(|(_, rows)| rows.as_ref().map_or(batch.num_rows(), Array::len)).sum();
        if rows == 0 {
            return Ok(None);
        }
        let cells: Result<Vec<_>, Error> =
            self.cells.iter().map(|(expression, kind)| as_cells(&evaluate(expression, batch)?, *kind)).collect();
        Ok(Some(FramedRows { rows, groups, cells: cells? }))
    }
}

fn evaluate(expression: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef, Error> {
    Ok(expression.evaluate(batch)?.into_array(batch.num_rows())?)
}

fn truth(filter: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray, Error> {
    Ok(evaluate(filter, batch)?.as_boolean().clone())
}

fn as_cells(values: &ArrayRef, kind: Kind) -> Result<Cells, Error> {
    Ok(match kind {
        Kind::Number => Cells::Numbers(cast(values, &DataType::Float64)?.as_primitive::<Float64Type>().clone()),
        Kind::Category => Cells::Categories(cast(values, &DataType::Utf8)?.as_string::<i32>().clone()),
        Kind::Timestamp => {
            let micros = cast(values, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
            Cells::Timestamps(micros.as_primitive::<TimestampMicrosecondType>().clone())
        }
    })
}
