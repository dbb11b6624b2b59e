//! Turns the batches a caller hands in into the one form in which rows are kept.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int64Array, RecordBatch, TimestampMicrosecondArray,
        new_null_array,
    },
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Field, Int64Type, Schema as ArrowSchema, SchemaRef, TimestampMicrosecondType},
};
use driftline_core::{ColumnType, DEPLOYMENT, END_TIME, ID, LABELLED_AT, Schema, TIME, Time, is_exact_as_float};

use crate::{Error, fitting::Fitting};

/// The column of delayed metrics in segments with the place of each row in the order of arrival. No metric has such a name.
pub(crate) const PLACE: &str = "\u{1}place";

/// What rows are: whole predictions, or cells for earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `id`, `time`, `end_time`, `deployment` and metric columns.
    Predictions,
    /// `id` and metric columns.
    Delayed,
}

impl Kind {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Predictions => 0,
            Self::Delayed => 1,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::Predictions, Self::Delayed].into_iter().find(|kind| kind.number() == number)
    }

    /// The columns of rows of this kind, for a model with these metrics, `labelled_at` included.
    pub(crate) fn arrow(self, schema: &Schema) -> SchemaRef {
        match self {
            Self::Predictions => schema.arrow_predictions(),
            Self::Delayed => schema.arrow_delayed(),
        }
    }

    /// The same without `labelled_at`, which no caller brings.
    fn arrow_arriving(self, schema: &Schema) -> SchemaRef {
        let all = self.arrow(schema);
        let fields = all.fields().iter().filter(|field| field.name() != LABELLED_AT).cloned();
        Arc::new(ArrowSchema::new(fields.collect::<Vec<_>>()))
    }
}

/// A batch in the form in which it is kept, and its columns as the model sees them.
pub(crate) struct Rows {
    pub batch: RecordBatch,
    pub schema: Schema,
}

/// Brings `batch` into the form of its kind: the kind's own columns first, then
/// the metrics in the order in which they came, each in the model's Arrow types.
pub(crate) fn normal(kind: Kind, batch: &RecordBatch) -> Result<Rows, Error> {
    let checked = metrics(batch)?;
    let target = kind.arrow_arriving(&checked);
    let columns = target.fields().iter().map(|field| column(batch, field)).collect::<Result<Vec<_>, _>>()?;
    if kind == Kind::Predictions {
        check_times(&columns[1])?;
    }
    let batch = RecordBatch::try_new(target, columns).map_err(|error| Error::failed("arranging the rows", error))?;
    Ok(Rows { batch, schema: checked })
}

/// Whether integers are among the cells that a float would round.
fn is_wide(cells: &ArrayRef) -> bool {
    let integers = cells.as_primitive_opt::<Int64Type>();
    integers.is_some_and(|cells| cells.iter().flatten().any(|cell| !is_exact_as_float(cell)))
}

/// The metric columns of `batch`, with names and types that can be kept.
pub(crate) fn metrics(batch: &RecordBatch) -> Result<Schema, Error> {
    let schema = Schema::of_arrow(batch.schema_ref()).map_err(|(column, held)| {
        Error::Rows(format!(
            "column `{column}` has the type {held}, which can't be kept: send numbers, text, booleans, timestamps or lists of numbers"
        ))
    })?;
    let mut checked = Schema::default();
    checked.merge(&schema)?;
    for (field, cells) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if is_wide(cells) {
            checked.admit_wide(field.name())?;
        }
    }
    Ok(checked)
}

fn column(batch: &RecordBatch, field: &Field) -> Result<ArrayRef, Error> {
    let name = field.name();
    let Some(array) = batch.column_by_name(name) else {
        return match name.as_str() {
            END_TIME | DEPLOYMENT => Ok(new_null_array(field.data_type(), batch.num_rows())),
            _ => Err(Error::Rows(format!("column `{name}` is missing: every row needs one"))),
        };
    };
    if !field.is_nullable()
        && let Some(nulls) = array.logical_nulls()
        && let Some(row) = (0..nulls.len()).find(|row| nulls.is_null(*row))
    {
        return Err(Error::Rows(format!("row {row}: `{name}` is missing: every row needs one")));
    }
    if name == ID && array.data_type() != field.data_type() {
        return Err(Error::Rows(format!("column `{ID}` has the type {}: send UUIDs of 16 bytes", array.data_type())));
    }
    strict_cast(array, field)
}

/// Casts without ever losing a value silently.
pub(crate) fn strict_cast(array: &ArrayRef, field: &Field) -> Result<ArrayRef, Error> {
    if array.data_type() == field.data_type() {
        return Ok(array.clone());
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, field.data_type(), &options)
        .map_err(|error| Error::Rows(format!("column `{}`: {error}", field.name())))
}

fn check_times(times: &ArrayRef) -> Result<(), Error> {
    let times = times.as_primitive::<TimestampMicrosecondType>().values();
    match times.iter().position(|micros| Time::from_micros(*micros).is_err()) {
        None => Ok(()),
        Some(row) => Err(Error::Rows(format!("row {row}: `{TIME}` lies outside the years -9999 to 9999"))),
    }
}

/// Casts kept rows to `target`: columns by name, nulls where there are none.
pub(crate) fn fit(batch: &RecordBatch, target: &SchemaRef) -> Result<RecordBatch, Error> {
    Fitting::to(target).fit(batch)
}

/// The smallest schema both fit without changing a value, if there is one.
pub(crate) fn union(left: &SchemaRef, right: &SchemaRef) -> Option<SchemaRef> {
    if left == right {
        return Some(left.clone());
    }
    let mut fields: Vec<Arc<Field>> = left.fields().iter().cloned().collect();
    for field in right.fields() {
        match left.fields().find(field.name()) {
            Some((_, held)) if held.data_type() == field.data_type() => {}
            Some(_) => return None,
            None => fields.push(field.clone()),
        }
    }
    Some(Arc::new(ArrowSchema::new(fields)))
}

/// The columns of rows of this kind that occur in any of `schemas`, in the model's types and order.
pub(crate) fn occurring<'a>(kind: Kind, schema: &Schema, schemas: impl Iterator<Item = &'a SchemaRef>) -> SchemaRef {
    let mut seen = HashSet::from([ID, TIME, END_TIME, DEPLOYMENT]);
    for schema in schemas {
        seen.extend(schema.fields().iter().map(|field| field.name().as_str()));
    }
    let all = kind.arrow(schema);
    let fields = all.fields().iter().filter(|field| seen.contains(field.name().as_str())).cloned();
    let place = (kind == Kind::Delayed && seen.contains(PLACE)).then(|| Arc::new(place_field()));
    Arc::new(ArrowSchema::new(fields.chain(place).collect::<Vec<_>>()))
}

fn place_field() -> Field {
    Field::new(PLACE, DataType::Int64, true)
}

/// Adds to a batch of delayed metrics that all of them came at this place in the order of arrival.
pub(crate) fn placed(batch: &RecordBatch, place: i64) -> Result<RecordBatch, Error> {
    with(batch, place_field(), Arc::new(Int64Array::from_value(place, batch.num_rows())))
}

/// The place of each row in the order of arrival; empty without that column.
pub(crate) fn places(batch: &RecordBatch) -> &[i64] {
    let places = batch.column_by_name(PLACE).and_then(|array| array.as_primitive_opt::<Int64Type>());
    places.map_or(&[], |places| places.values())
}

/// Adds to a batch of delayed metrics when they arrived: `received` where a row has a value at all.
pub(crate) fn arrived(batch: &RecordBatch, received: Time) -> Result<RecordBatch, Error> {
    let (fields, columns) = (batch.schema_ref().fields(), batch.columns());
    let metrics = fields.iter().zip(columns).filter(|(field, _)| field.name() != ID);
    let nulls: Vec<_> = metrics.map(|(_, column)| column.logical_nulls()).collect();
    let has_value = |row: usize| nulls.iter().any(|nulls| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)));
    let arrivals = (0..batch.num_rows()).map(|row| has_value(row).then_some(received.micros()));
    let arrivals: TimestampMicrosecondArray = arrivals.collect();
    with_arrivals(batch, arrivals)
}

/// Adds to a batch of delayed metrics that all of them arrived at `received`.
pub(crate) fn all_arrived(batch: &RecordBatch, received: Time) -> Result<RecordBatch, Error> {
    with_arrivals(batch, TimestampMicrosecondArray::from_value(received.micros(), batch.num_rows()))
}

fn with_arrivals(batch: &RecordBatch, arrivals: TimestampMicrosecondArray) -> Result<RecordBatch, Error> {
    let field = Field::new(LABELLED_AT, ColumnType::Timestamp.arrow(), true);
    with(batch, field, Arc::new(arrivals.with_timezone("UTC")))
}

fn with(batch: &RecordBatch, field: Field, column: ArrayRef) -> Result<RecordBatch, Error> {
    let mut fields: Vec<Arc<Field>> = batch.schema_ref().fields().iter().cloned().collect();
    let mut columns = batch.columns().to_vec();
    fields.push(Arc::new(field));
    columns.push(column);
    RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns)
        .map_err(|error| Error::failed("arranging delayed metrics", error))
}

/// When each row was labelled, in microseconds; `None` without that column.
pub(crate) fn arrivals(batch: &RecordBatch) -> Option<&TimestampMicrosecondArray> {
    batch.column_by_name(LABELLED_AT)?.as_primitive_opt::<TimestampMicrosecondType>()
}

/// The rows' ids.
pub(crate) fn ids(batch: &RecordBatch) -> Result<&FixedSizeBinaryArray, Error> {
    batch
        .column_by_name(ID)
        .and_then(|array| array.as_fixed_size_binary_opt())
        .filter(|array| array.value_length() == 16)
        .ok_or_else(|| Error::Rows(format!("the rows need the column `{ID}` with UUIDs of 16 bytes")))
}

/// An id as a number that sorts like its bytes.
pub(crate) fn id_number(id: &[u8]) -> u128 {
    id.try_into().map_or(0, u128::from_be_bytes)
}

/// The rows' ids, one by one.
pub(crate) fn id_bytes(batch: &RecordBatch) -> Result<impl Iterator<Item = [u8; 16]> + '_, Error> {
    let ids = ids(batch)?;
    Ok((0..ids.len()).map(|row| ids.value(row).try_into().unwrap_or_default()))
}

/// The rows' times in microseconds; empty without that column.
pub(crate) fn times(batch: &RecordBatch) -> &[i64] {
    let times = batch.column_by_name(TIME).and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
    times.map_or(&[], |times| times.values())
}

/// What a stretch of rows spans; the base of all pruning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub times: Option<(i64, i64)>,
    pub ids: ([u8; 16], [u8; 16]),
}

impl Extent {
    /// The extent of `batch`, which has at least one row.
    pub fn of(batch: &RecordBatch) -> Result<Self, Error> {
        let ids = ids(batch)?;
        let mut span = ([u8::MAX; 16], [0; 16]);
        for id in (0..ids.len()).filter_map(|row| <[u8; 16]>::try_from(ids.value(row)).ok()) {
            span.0 = span.0.min(id);
            span.1 = span.1.max(id);
        }
        let times = times(batch);
        let times = times.iter().min().copied().zip(times.iter().max().copied());
        Ok(Self { times, ids: span })
    }

    /// The extent of both.
    pub fn and(self, other: Self) -> Self {
        let times = match (self.times, other.times) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        Self { times, ids: (self.ids.0.min(other.ids.0), self.ids.1.max(other.ids.1)) }
    }
}

/// Whether cells of this type compress and scan better through a dictionary.
pub(crate) fn wants_dictionary(data_type: &DataType) -> bool {
    ColumnType::of_arrow(data_type) == Some(ColumnType::Text)
}
