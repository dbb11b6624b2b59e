//! One batch from CSV: types follow the model's schema, and are inferred over the whole file where it has none.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, StringBuilder},
    datatypes::{Field, Schema as ArrowSchema},
};
use bytes::Bytes;
use csv::{ErrorKind, ReaderBuilder, StringRecord};
use driftline_core::{ColumnType, END_TIME, RESERVED, Schema, TIME};

use super::{
    columns::place,
    refusal::{Fault, Refusal, excerpt},
};

/// Reads a file with a header. An empty cell is null.
///
/// # Errors
/// [`Fault::InvalidCsv`] when it has no header or rows of different lengths,
/// [`Fault::TypeMismatch`] when a cell does not fit the model's column.
pub fn read(body: &Bytes, schema: &Schema) -> Result<RecordBatch, Refusal> {
    let mut reader = ReaderBuilder::new().from_reader(body.as_ref());
    let header = reader.headers().map_err(|error| malformed(&error))?.clone();
    check_header(&header)?;
    let mut columns: Vec<StringBuilder> = header.iter().map(|_| StringBuilder::new()).collect();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| malformed(&error))? {
        for (column, cell) in columns.iter_mut().zip(&record) {
            column.append_option((!cell.is_empty()).then_some(cell));
        }
    }
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (name, mut column) in header.iter().zip(columns) {
        let array = typed(name, column.finish(), schema)?;
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)
        .map_err(|error| Refusal::whole(Fault::InvalidCsv, error.to_string()))
}

fn check_header(header: &StringRecord) -> Result<(), Refusal> {
    if header.is_empty() {
        return Err(Refusal::whole(Fault::InvalidCsv, "the body is empty: send a header and rows"));
    }
    let mut names = HashSet::new();
    for name in header {
        if name.is_empty() {
            return Err(Refusal::whole(Fault::InvalidCsv, "a column has no name: give every column one in the header"));
        }
        if !names.insert(name) {
            return Err(Refusal::at(Fault::DuplicateField, name, "the header has this column twice: rename one"));
        }
    }
    Ok(())
}

fn malformed(error: &csv::Error) -> Refusal {
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            // The reader counts the header as record 0.
            let row = error.position().map_or(0, |position| position.record().saturating_sub(1));
            let detail = format!("the row has {len} cells, the header {expected_len}: quote cells that hold commas");
            Refusal::at(Fault::InvalidCsv, format!("rows[{row}]"), detail)
        }
        _ => Refusal::whole(Fault::InvalidCsv, format!("the body is not CSV in UTF-8: {error}")),
    }
}

fn typed(name: &str, cells: StringArray, schema: &Schema) -> Result<ArrayRef, Refusal> {
    match schema.column_type(name) {
        _ if name == TIME || name == END_TIME => Ok(inferred(cells)),
        _ if RESERVED.contains(&name) => Ok(Arc::new(cells)),
        Some(held) => following(name, cells, held),
        None => Ok(inferred(cells)),
    }
}

/// The cells as the model's column holds them; an integer column may widen.
fn following(name: &str, cells: StringArray, held: ColumnType) -> Result<ArrayRef, Refusal> {
    let array: Option<ArrayRef> = match held {
        ColumnType::Boolean => booleans(&cells),
        ColumnType::Integer => integers(&cells).or_else(|| floats(&cells)),
        ColumnType::Float => floats(&cells),
        ColumnType::Text => return Ok(Arc::new(cells)),
        ColumnType::Timestamp => return Ok(inferred_time(cells)),
        ColumnType::FloatList => None,
    };
    array.ok_or_else(|| {
        let fits = |text: &str| match held {
            ColumnType::Boolean => boolean(text).is_some(),
            ColumnType::FloatList => false,
            _ => float(text).is_some(),
        };
        let misfit = cells.iter().enumerate().find_map(|(row, cell)| Some((row, cell.filter(|text| !fits(text))?)));
        let (row, text) = misfit.unwrap_or_default();
        let detail = format!("expected {held}, as the column holds, got the text \"{}\"", excerpt(text));
        let advice = if held == ColumnType::FloatList { ": send lists as JSON, Arrow or Parquet" } else { "" };
        Refusal::at(Fault::TypeMismatch, place(row, name), format!("{detail}{advice}"))
    })
}

fn inferred_time(cells: StringArray) -> ArrayRef {
    integers(&cells).unwrap_or_else(|| Arc::new(cells))
}

/// The narrowest of integer, float, boolean and text that all cells have.
fn inferred(cells: StringArray) -> ArrayRef {
    if cells.null_count() == cells.len() {
        return Arc::new(cells);
    }
    // A whole number beyond 64 bits, such as an account number, would lose digits as a float.
    let too_long = |text: &str| text.parse::<i64>().is_err() && text.bytes().all(|b| b.is_ascii_digit());
    integers(&cells)
        .or_else(|| if cells.iter().flatten().any(too_long) { None } else { floats(&cells) })
        .or_else(|| booleans(&cells))
        .unwrap_or_else(|| Arc::new(cells))
}

fn all<T, A: FromIterator<Option<T>> + Array + 'static>(
    cells: &StringArray,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<ArrayRef> {
    let parsed: Option<Vec<Option<T>>> =
        cells.iter().map(|cell| cell.map_or(Some(None), |text| parse(text).map(Some))).collect();
    Some(Arc::new(parsed?.into_iter().collect::<A>()))
}

fn integers(cells: &StringArray) -> Option<ArrayRef> {
    all::<i64, Int64Array>(cells, |text| text.parse().ok())
}

fn floats(cells: &StringArray) -> Option<ArrayRef> {
    all::<f64, Float64Array>(cells, float)
}

fn booleans(cells: &StringArray) -> Option<ArrayRef> {
    all::<bool, BooleanArray>(cells, boolean)
}

fn float(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}
