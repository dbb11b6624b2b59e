//! The cells of predictions as text: JSON values, or bare.

use std::io::Write;

use arrow::{
    array::{
        Array, AsArray, BooleanArray, FixedSizeBinaryArray, Float64Array, Int64Array, ListArray, RecordBatch,
        StringArray, TimestampMicrosecondArray,
    },
    datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType},
};
use driftline_core::Time;
use uuid::Uuid;

use crate::problem::Problem;

/// The cells of one column, of a type that models have.
pub enum Cells<'a> {
    Boolean(&'a BooleanArray),
    Integer(&'a Int64Array),
    Float(&'a Float64Array),
    Text(&'a StringArray),
    Time(&'a TimestampMicrosecondArray),
    Id(&'a FixedSizeBinaryArray),
    List(&'a ListArray),
}

impl<'a> Cells<'a> {
    /// The columns of a batch.
    ///
    /// # Errors
    /// 500 when one is of a type that no model has.
    pub fn of(batch: &'a RecordBatch) -> Result<Vec<Self>, Problem> {
        batch.columns().iter().map(|column| Self::of_column(column.as_ref())).collect()
    }

    fn of_column(column: &'a dyn Array) -> Result<Self, Problem> {
        Ok(match column.data_type() {
            DataType::Boolean => Self::Boolean(column.as_boolean()),
            DataType::Int64 => Self::Integer(column.as_primitive::<Int64Type>()),
            DataType::Float64 => Self::Float(column.as_primitive::<Float64Type>()),
            DataType::Utf8 => Self::Text(column.as_string()),
            DataType::Timestamp(..) => Self::Time(
                column
                    .as_primitive_opt::<TimestampMicrosecondType>()
                    .ok_or_else(|| Problem::internal("a time is not in microseconds"))?,
            ),
            DataType::FixedSizeBinary(16) => Self::Id(column.as_fixed_size_binary()),
            DataType::List(_) => Self::List(column.as_list()),
            other => return Err(Problem::internal(format!("a column has the type {other}"))),
        })
    }

    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Boolean(cells) => cells.is_null(row),
            Self::Integer(cells) => cells.is_null(row),
            Self::Float(cells) => cells.is_null(row),
            Self::Text(cells) => cells.is_null(row),
            Self::Time(cells) => cells.is_null(row),
            Self::Id(cells) => cells.is_null(row),
            Self::List(cells) => cells.is_null(row),
        }
    }

    /// Writes a cell that is not null as JSON; NaN and infinities, which JSON has not, as null.
    ///
    /// # Errors
    /// 500 for a time outside the calendar, which is never kept.
    pub fn write_json(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Problem> {
        match self {
            Self::Float(cells) => json_float(cells.value(row), out),
            Self::Text(cells) => serde_json::to_writer(out, cells.value(row)).map_err(Problem::internal),
            Self::Time(_) | Self::Id(_) => {
                out.push(b'"');
                self.write_bare(row, out)?;
                out.push(b'"');
                Ok(())
            }
            _ => self.write_bare(row, out),
        }
    }

    /// Writes a cell that is not null as it is in CSV, a list as JSON.
    ///
    /// # Errors
    /// As [`Self::write_json`].
    pub fn write_bare(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Problem> {
        match self {
            Self::Boolean(cells) => write!(out, "{}", cells.value(row)),
            Self::Integer(cells) => write!(out, "{}", cells.value(row)),
            Self::Float(cells) if cells.value(row).is_finite() => return json_float(cells.value(row), out),
            Self::Float(cells) => write!(out, "{}", cells.value(row)),
            Self::Text(cells) => out.write_all(cells.value(row).as_bytes()),
            Self::Time(cells) => write!(out, "{}", Time::from_micros(cells.value(row)).map_err(Problem::internal)?),
            Self::Id(cells) => {
                write!(out, "{}", Uuid::from_slice(cells.value(row)).map_err(Problem::internal)?.hyphenated())
            }
            Self::List(cells) => return json_list(&cells.value(row), out),
        }
        .map_err(Problem::internal)
    }
}

fn json_float(value: f64, out: &mut Vec<u8>) -> Result<(), Problem> {
    serde_json::to_writer(out, &value).map_err(Problem::internal)
}

fn json_list(items: &dyn Array, out: &mut Vec<u8>) -> Result<(), Problem> {
    let items = items
        .as_primitive_opt::<Float64Type>()
        .ok_or_else(|| Problem::internal(format!("a list has items of the type {}", items.data_type())))?;
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, &item).map_err(Problem::internal)?;
    }
    out.push(b']');
    Ok(())
}
