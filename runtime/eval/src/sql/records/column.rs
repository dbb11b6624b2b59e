//! Columns of records: a name, a type, and how a cell is had from a record.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray,
    },
    datatypes::{Field, Schema, SchemaRef},
};
use driftline_core::{ColumnType, Time};

/// A column of records of type `T`.
pub(super) struct Column<T> {
    name: &'static str,
    column_type: ColumnType,
    cells: Cells<T>,
}

type Cells<T> = Box<dyn Fn(&[T]) -> ArrayRef + Send + Sync>;

impl<T: 'static> Column<T> {
    fn new(
        name: &'static str,
        column_type: ColumnType,
        cells: impl Fn(&[T]) -> ArrayRef + Send + Sync + 'static,
    ) -> Self {
        Self { name, column_type, cells: Box::new(cells) }
    }

    pub fn text(name: &'static str, cell: fn(&T) -> Option<String>) -> Self {
        Self::new(name, ColumnType::Text, move |records| Arc::new(records.iter().map(cell).collect::<StringArray>()))
    }

    pub fn integer(name: &'static str, cell: fn(&T) -> Option<u64>) -> Self {
        Self::new(name, ColumnType::Integer, move |records| {
            let cells = records.iter().map(|record| cell(record).and_then(|number| i64::try_from(number).ok()));
            Arc::new(cells.collect::<Int64Array>())
        })
    }

    pub fn float(name: &'static str, cell: fn(&T) -> Option<f64>) -> Self {
        Self::new(name, ColumnType::Float, move |records| Arc::new(records.iter().map(cell).collect::<Float64Array>()))
    }

    pub fn time(name: &'static str, cell: fn(&T) -> Option<Time>) -> Self {
        Self::new(name, ColumnType::Timestamp, move |records| {
            let cells = records.iter().map(|record| cell(record).map(Time::micros));
            Arc::new(cells.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        })
    }
}

/// The columns of records of type `T`.
pub(super) struct Columns<T>(pub Vec<Column<T>>);

impl<T> Columns<T> {
    pub fn schema(&self) -> SchemaRef {
        let field = |column: &Column<T>| Field::new(column.name, column.column_type.arrow(), true);
        Arc::new(Schema::new(self.0.iter().map(field).collect::<Vec<_>>()))
    }

    /// Whether one of the columns called `names` is among those of `projection`.
    pub fn wants(&self, projection: &[usize], names: &[&str]) -> bool {
        projection.iter().filter_map(|at| self.0.get(*at)).any(|column| names.contains(&column.name))
    }

    /// Gives what `scan` finds, some records at a time, to `take` as batches of some columns.
    pub fn hand_on(
        &self,
        projection: &[usize],
        take: &mut dyn FnMut(RecordBatch) -> bool,
        scan: impl FnOnce(&mut dyn FnMut(&[T]) -> bool) -> Result<(), driftline_storage::Error>,
    ) -> Result<(), driftline_storage::Error> {
        let mut failed = None;
        scan(&mut |records| match self.batch(records, projection) {
            Ok(batch) => take(batch),
            Err(error) => {
                failed = Some(error);
                false
            }
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// The cells of some columns.
    pub fn batch(&self, records: &[T], projection: &[usize]) -> Result<RecordBatch, driftline_storage::Error> {
        let columns: Vec<&Column<T>> = projection.iter().filter_map(|at| self.0.get(*at)).collect();
        let fields = columns.iter().map(|column| Field::new(column.name, column.column_type.arrow(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let cells = columns.iter().map(|column| (column.cells)(records)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        RecordBatch::try_new_with_options(schema, cells, &options)
            .map_err(|error| driftline_storage::Error::Rows(error.to_string()))
    }
}
