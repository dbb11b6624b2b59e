//! Rows from Arrow batches: the key columns by their names, every other column a metric.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Field, TimestampMicrosecondType},
};
use driftline_core::{DEPLOYMENT, END_TIME, ID, RESERVED, Schema, TIME, Time};
use uuid::Uuid;

use super::{
    RowKind, Rows,
    cells::{self, Site},
    flatten,
    refusal::{Fault, Refusal},
    scalar::not_an_id,
};

/// Checks batches and casts them to the types of the model; names of columns a
/// dataset can't have are added to `ignored`.
///
/// # Errors
/// What is wrong first, and where.
pub fn read(
    batches: Vec<RecordBatch>,
    kind: RowKind,
    schema: &Schema,
    ignored: &mut Vec<String>,
) -> Result<Vec<Rows>, Refusal> {
    let mut tables = Tables::new(kind, schema.clone());
    let parts = batches.iter().map(|batch| tables.read(batch)).collect::<Result<Vec<_>, _>>()?;
    ignored.extend(tables.ignored);
    Ok(parts)
}

/// Reads batches that follow each other, all with the same columns.
pub struct Tables {
    kind: RowKind,
    known: Schema,
    is_checked: bool,
    rows: usize,
    /// Names of columns that a dataset can't have.
    pub ignored: Vec<String>,
}

impl Tables {
    /// No rows yet, for a model whose schema is `known`.
    pub fn new(kind: RowKind, known: Schema) -> Self {
        Self { kind, known, is_checked: false, rows: 0, ignored: Vec::new() }
    }

    /// Checks a batch and casts it to the types of the model.
    ///
    /// # Errors
    /// What is wrong first, and where.
    pub fn read(&mut self, batch: &RecordBatch) -> Result<Rows, Refusal> {
        let columns = flatten::columns(batch);
        if !self.is_checked {
            check_names(&columns, self.kind, &mut self.ignored)?;
            self.is_checked = true;
        }
        let part = read_one(columns, batch.num_rows(), self.kind, &mut self.known, self.rows)?;
        self.rows += part.rows;
        Ok(part)
    }
}

fn check_names(columns: &[(String, ArrayRef)], kind: RowKind, ignored: &mut Vec<String>) -> Result<(), Refusal> {
    let mut names = HashSet::new();
    for (name, _) in columns {
        if !names.insert(name.as_str()) {
            return Err(Refusal::at(Fault::DuplicateField, name, "the table has this column twice: rename one"));
        }
        let reserved = RESERVED.contains(&name.as_str());
        match kind {
            RowKind::Delayed if reserved && name != ID => {
                let detail = "delayed metrics take the time and deployment of their prediction: leave this column out";
                return Err(Refusal::at(Fault::UnknownField, name, detail));
            }
            RowKind::Dataset if reserved && !ignored.contains(name) => ignored.push(name.clone()),
            _ => {}
        }
    }
    if kind == RowKind::Delayed && !names.contains(ID) {
        return Err(Refusal::at(
            Fault::MissingField,
            ID,
            "delayed metrics need the ids of their predictions in this column",
        ));
    }
    Ok(())
}

fn read_one(
    columns: Vec<(String, ArrayRef)>,
    rows: usize,
    kind: RowKind,
    known: &mut Schema,
    first_row: usize,
) -> Result<Rows, Refusal> {
    let mut part = Rows { rows, ..Rows::default() };
    for (name, array) in columns {
        match name.as_str() {
            name if kind == RowKind::Dataset && RESERVED.contains(&name) => {}
            ID => part.keys.ids = ids(&array, first_row)?,
            TIME => part.keys.times = times(&array, TIME, first_row)?,
            END_TIME => part.keys.ends = times(&array, END_TIME, first_row)?,
            DEPLOYMENT => deployments(&array, &mut part.keys.deployments)?,
            _ => {
                let site = Site { name: &name, first_row };
                if let Some((column_type, array)) = cells::metric(&array, known.column_type(&name), site)? {
                    let admitted = known.admit(&name, column_type).and_then(|()| match cells::is_wide(&array) {
                        true => known.admit_wide(&name),
                        false => Ok(()),
                    });
                    admitted.map_err(|error| Refusal::schema(&error, name.clone()))?;
                    part.metrics.push((Arc::new(Field::new(&name, column_type.arrow(), true)), array));
                }
            }
        }
    }
    part.keys.fill(rows);
    part.keys.check_order(first_row)?;
    Ok(part)
}

fn ids(array: &ArrayRef, first_row: usize) -> Result<Vec<Option<Uuid>>, Refusal> {
    let bytes = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|_| "an id of bytes has 16 of them".to_owned());
    let outcome = match array.data_type() {
        DataType::FixedSizeBinary(16) => each(array.as_fixed_size_binary().iter(), bytes),
        DataType::Binary => each(array.as_binary::<i32>().iter(), bytes),
        DataType::Null => Ok(vec![None; array.len()]),
        _ => {
            let texts = cast(array, &DataType::Utf8).ok().filter(|_| is_text(array.data_type())).ok_or_else(|| {
                let detail = format!("expected UUIDs as text or 16 bytes, got the Arrow type {}", array.data_type());
                Refusal::at(Fault::TypeMismatch, ID, detail)
            })?;
            each(texts.as_string::<i32>().iter(), |text| Uuid::try_parse(text).map_err(|_| not_an_id(text)))
        }
    };
    outcome.map_err(|(row, detail)| Refusal::at(Fault::InvalidId, format!("rows[{}].id", first_row + row), detail))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

fn each<T>(
    cells: impl Iterator<Item = Option<T>>,
    parse: impl Fn(T) -> Result<Uuid, String>,
) -> Result<Vec<Option<Uuid>>, (usize, String)> {
    cells.enumerate().map(|(row, cell)| cell.map(&parse).transpose().map_err(|detail| (row, detail))).collect()
}

fn times(array: &ArrayRef, name: &str, first_row: usize) -> Result<Vec<Option<i64>>, Refusal> {
    if array.data_type().is_null() {
        return Ok(vec![None; array.len()]);
    }
    let place = |row| format!("rows[{}].{name}", first_row + row);
    let micros = cells::times(array, place)?;
    let micros = micros.as_primitive::<TimestampMicrosecondType>();
    let outside = |cell: &Option<i64>| cell.is_some_and(|micros| Time::from_micros(micros).is_err());
    let times: Vec<Option<i64>> = micros.iter().collect();
    match times.iter().position(outside) {
        None => Ok(times),
        Some(row) => Err(Refusal::at(Fault::InvalidTime, place(row), "the time lies outside the years -9999 to 9999")),
    }
}

fn deployments(array: &ArrayRef, labels: &mut arrow::array::StringBuilder) -> Result<(), Refusal> {
    if !array.data_type().is_null() && !is_text(array.data_type()) {
        let detail = format!("expected text, got the Arrow type {}: cast it to text", array.data_type());
        return Err(Refusal::at(Fault::TypeMismatch, DEPLOYMENT, detail));
    }
    let texts = cast(array, &DataType::Utf8)
        .map_err(|error| Refusal::at(Fault::TypeMismatch, DEPLOYMENT, error.to_string()))?;
    labels.extend(texts.as_string::<i32>());
    Ok(())
}
