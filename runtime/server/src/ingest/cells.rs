//! Arrow columns of any width, cast to the six types that a model keeps.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Int64Array, StringArray, TimestampMicrosecondArray, UInt64Array},
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType, UInt64Type},
    error::ArrowError,
};
use driftline_core::{ColumnType, TimeError, is_exact_as_float};

use super::{
    columns::{place, rounded},
    instant,
    refusal::{Fault, Refusal},
};

/// Where a column stands: its name, and the number of its first row in the request.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The column's name.
    pub name: &'a str,
    /// The request's row number of the column's first cell.
    pub first_row: usize,
}

impl Site<'_> {
    fn metric(self, row: usize) -> String {
        place(self.first_row + row, self.name)
    }
}

/// A metric column as the model keeps it, `held` being the type the model has
/// for it already. `None` for a column without any value.
///
/// # Errors
/// When its type can't be kept, differs from `held`, or a cell does not fit.
pub fn metric(
    array: &ArrayRef,
    held: Option<ColumnType>,
    site: Site<'_>,
) -> Result<Option<(ColumnType, ArrayRef)>, Refusal> {
    if array.logical_null_count() == array.len() {
        return Ok(None);
    }
    let array = &plain(array)?;
    let given = ColumnType::of_arrow(array.data_type()).ok_or_else(|| unsupported(array.data_type(), site.name))?;
    let kept = match (held, given) {
        (Some(ColumnType::Timestamp), ColumnType::Text | ColumnType::Integer) => {
            (ColumnType::Timestamp, times(array, |row| site.metric(row))?)
        }
        (Some(held), given) => {
            let wider = held.widened(given).ok_or_else(|| mismatch(held, given, site.name))?;
            (wider, convert(array, wider, site)?)
        }
        (None, given) => (given, convert(array, given, site)?),
    };
    Ok(Some(kept))
}

fn unsupported(data_type: &DataType, name: &str) -> Refusal {
    let detail = format!(
        "the Arrow type {data_type} can't be kept: cast the column to boolean, int64, float64, text, timestamp or a \
         list of float64"
    );
    Refusal::at(Fault::TypeMismatch, name, detail)
}

fn mismatch(held: ColumnType, given: ColumnType, name: &str) -> Refusal {
    let detail = format!("the column holds {held} values, but {given} values came: cast it to {held} or rename it");
    Refusal::at(Fault::TypeMismatch, name, detail)
}

/// The array without dictionary encoding.
fn plain(array: &ArrayRef) -> Result<ArrayRef, Refusal> {
    match array.data_type() {
        DataType::Dictionary(_, values) => cast(array, values).map_err(unreadable),
        DataType::RunEndEncoded(_, values) => cast(array, values.data_type()).map_err(unreadable),
        _ => Ok(array.clone()),
    }
}

fn unreadable(error: ArrowError) -> Refusal {
    Refusal::whole(Fault::InvalidArrow, error.to_string())
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    if array.data_type() == to { Ok(array.clone()) } else { cast_with_options(array, to, &options) }
}

fn convert(array: &ArrayRef, to: ColumnType, site: Site<'_>) -> Result<ArrayRef, Refusal> {
    if to == ColumnType::Timestamp {
        return times(array, |row| site.metric(row));
    }
    if array.data_type() == &DataType::UInt64 && to == ColumnType::Integer {
        check_unsigned(array.as_primitive::<UInt64Type>(), site)?;
    }
    match to {
        ColumnType::Float => check_exact(array, |row| site.metric(row))?,
        ColumnType::FloatList => check_items(array, site)?,
        _ => {}
    }
    cast(array, &to.arrow()).map_err(|error| {
        Refusal::at(Fault::TypeMismatch, site.name, format!("can't be read as {to}: {error}; cast it before sending"))
    })
}

/// Whether integers are among the cells that a float would round.
pub fn is_wide(array: &ArrayRef) -> bool {
    array
        .as_primitive_opt::<Int64Type>()
        .is_some_and(|cells| cells.iter().flatten().any(|cell| !is_exact_as_float(cell)))
}

/// Refuses the first integer that a float would round.
fn check_exact(array: &ArrayRef, place: impl Fn(usize) -> String) -> Result<(), Refusal> {
    let rounds_unsigned = |value: u64| value as f64 as u128 != u128::from(value);
    let found = match array.data_type() {
        DataType::Int64 => {
            let cells = array.as_primitive::<Int64Type>();
            let row = cells.iter().position(|cell| cell.is_some_and(|value| !is_exact_as_float(value)));
            row.map(|row| (row, cells.value(row).to_string()))
        }
        DataType::UInt64 => {
            let cells = array.as_primitive::<UInt64Type>();
            let row = cells.iter().position(|cell| cell.is_some_and(rounds_unsigned));
            row.map(|row| (row, cells.value(row).to_string()))
        }
        _ => None,
    };
    found.map_or(Ok(()), |(row, value)| Err(rounded(value, place(row))))
}

/// The same for the items of lists.
fn check_items(array: &ArrayRef, site: Site<'_>) -> Result<(), Refusal> {
    let place = |row: usize, item: usize| format!("{}[{item}]", site.metric(row));
    let each = |lists: &mut dyn Iterator<Item = Option<ArrayRef>>| {
        lists.enumerate().try_for_each(|(row, items)| match items {
            Some(items) => check_exact(&items, |item| place(row, item)),
            None => Ok(()),
        })
    };
    match array.data_type() {
        DataType::List(field) if is_wide_integer(field.data_type()) => each(&mut array.as_list::<i32>().iter()),
        DataType::LargeList(field) if is_wide_integer(field.data_type()) => each(&mut array.as_list::<i64>().iter()),
        DataType::FixedSizeList(field, _) if is_wide_integer(field.data_type()) => {
            each(&mut array.as_fixed_size_list().iter())
        }
        _ => Ok(()),
    }
}

fn is_wide_integer(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int64 | DataType::UInt64)
}

fn check_unsigned(cells: &UInt64Array, site: Site<'_>) -> Result<(), Refusal> {
    match cells.iter().position(|cell| cell.is_some_and(|value| i64::try_from(value).is_err())) {
        None => Ok(()),
        Some(row) => {
            let value = cells.value(row);
            let detail =
                format!("the integer {value} does not fit into 64 bits with a sign: send it as text or as a float");
            Err(Refusal::at(Fault::IntegerOutOfRange, site.metric(row), detail))
        }
    }
}

/// Instants of any Arrow form, as microseconds UTC; `place` names a row in a message.
///
/// # Errors
/// [`Fault::InvalidTime`] for the first cell that is none.
pub fn times(array: &ArrayRef, place: impl Fn(usize) -> String) -> Result<ArrayRef, Refusal> {
    let array = &plain(array)?;
    match array.data_type() {
        DataType::Timestamp(_, zone) => {
            let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()));
            let micros = micros.map_err(|error| Refusal::at(Fault::InvalidTime, place(0), error.to_string()))?;
            Ok(Arc::new(micros.as_primitive::<TimestampMicrosecondType>().clone().with_timezone("UTC")))
        }
        DataType::Date32 | DataType::Date64 => {
            let naive = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None));
            times(&naive.map_err(|error| Refusal::at(Fault::InvalidTime, place(0), error.to_string()))?, place)
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = cast(array, &DataType::Utf8).map_err(unreadable)?;
            let texts: &StringArray = texts.as_string();
            parse_each(texts.iter().map(|text| text.map(instant::from_text)), place)
        }
        data_type if data_type.is_integer() => {
            let millis = cast(array, &DataType::Int64);
            let millis = millis.map_err(|error| Refusal::at(Fault::InvalidTime, place(0), error.to_string()))?;
            let millis: &Int64Array = millis.as_primitive();
            parse_each(millis.iter().map(|cell| cell.map(instant::from_millis)), place)
        }
        other => {
            let detail = format!(
                "a column of the Arrow type {other} is no time: send timestamps, RFC 3339 text or whole epoch milliseconds"
            );
            Err(Refusal::at(Fault::InvalidTime, place(0), detail))
        }
    }
}

fn parse_each(
    cells: impl Iterator<Item = Option<Result<i64, TimeError>>>,
    place: impl Fn(usize) -> String,
) -> Result<ArrayRef, Refusal> {
    let parsed: Result<TimestampMicrosecondArray, Refusal> = cells
        .enumerate()
        .map(|(row, cell)| {
            cell.transpose().map_err(|error| Refusal::at(Fault::InvalidTime, place(row), error.to_string()))
        })
        .collect();
    Ok(Arc::new(parsed?.with_timezone("UTC")))
}
