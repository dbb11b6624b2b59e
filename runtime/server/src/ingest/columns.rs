//! Metric columns that are filled cell by cell, typed by the model's schema or by what comes first.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{
        ArrayBuilder, ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
        TimestampMicrosecondBuilder,
    },
    datatypes::{Field, FieldRef},
};
use driftline_core::{ColumnType, Schema};

use super::{
    instant,
    refusal::{Fault, Refusal, excerpt},
};

/// One value on its way into a column.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// Absent.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or exponent.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// A list of numbers.
    List(&'a [f64]),
}

impl Cell<'_> {
    fn column_type(self) -> Option<ColumnType> {
        match self {
            Self::Null => None,
            Self::Boolean(_) => Some(ColumnType::Boolean),
            Self::Integer(_) => Some(ColumnType::Integer),
            Self::Float(_) => Some(ColumnType::Float),
            Self::Text(_) => Some(ColumnType::Text),
            Self::List(_) => Some(ColumnType::FloatList),
        }
    }

    fn described(self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Boolean(value) => format!("the boolean {value}"),
            Self::Integer(value) => format!("the integer {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Text(value) => format!("the text \"{}\"", excerpt(value)),
            Self::List(values) => format!("a list of {} numbers", values.len()),
        }
    }
}

/// The columns of the rows read so far.
#[derive(Debug)]
pub struct Columns {
    known: Schema,
    columns: Vec<Column>,
    index: HashMap<Box<str>, usize>,
    cursor: usize,
    rows: usize,
}

#[derive(Debug)]
struct Column {
    name: Box<str>,
    cells: Cells,
    filled: usize,
}

#[derive(Debug)]
enum Cells {
    Untyped,
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    FloatList(ListBuilder<Float64Builder>),
}

impl Columns {
    /// No rows yet, for a model whose schema is `known`.
    pub fn new(known: Schema) -> Self {
        Self { known, columns: Vec::new(), index: HashMap::new(), cursor: 0, rows: 0 }
    }

    /// How many rows have ended.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Puts a cell of the current row into the column called `name`.
    ///
    /// # Errors
    /// When the column has a cell in this row already, can't be named so, or
    /// holds another type.
    pub fn put(&mut self, name: &str, cell: Cell<'_>) -> Result<(), Refusal> {
        let slot = self.slot(name);
        let column = &mut self.columns[slot];
        if column.filled > self.rows {
            let place = place(self.rows, name);
            return Err(Refusal::at(Fault::DuplicateField, place, "the row has this field twice: send it once"));
        }
        column.put(cell, &mut self.known).map_err(|mistake| mistake.at(self.rows, name))?;
        column.filled += 1;
        Ok(())
    }

    /// Ends the current row: what did not come is null.
    pub fn end_row(&mut self) {
        self.rows += 1;
        self.cursor = 0;
        for column in &mut self.columns {
            if column.filled < self.rows {
                column.cells.append_null();
                column.filled += 1;
            }
        }
    }

    /// The finished columns; those that never had a value are left out.
    pub fn finish(self) -> Vec<(FieldRef, ArrayRef)> {
        self.columns.into_iter().filter_map(Column::finish).collect()
    }

    /// The position of the column called `name`, made if it is new. Rows tend
    /// to have the same fields in the same order, so the next one is tried first.
    fn slot(&mut self, name: &str) -> usize {
        let next = self.cursor;
        let slot = match self.columns.get(next) {
            Some(column) if *column.name == *name => next,
            _ => self.index.get(name).copied().unwrap_or_else(|| self.add(name)),
        };
        self.cursor = slot + 1;
        slot
    }

    fn add(&mut self, name: &str) -> usize {
        let cells = match self.known.column_type(name) {
            Some(held) => Cells::nulls(held, self.rows),
            None => Cells::Untyped,
        };
        self.index.insert(name.into(), self.columns.len());
        self.columns.push(Column { name: name.into(), cells, filled: self.rows });
        self.columns.len() - 1
    }
}

/// The place of a cell in messages.
pub fn place(row: usize, name: &str) -> String {
    format!("rows[{row}].metrics.{name}")
}

enum Mistake {
    Type { held: ColumnType, given: String },
    Schema(driftline_core::SchemaError),
    Time(String),
}

impl Mistake {
    fn at(self, row: usize, name: &str) -> Refusal {
        let place = place(row, name);
        match self {
            Self::Schema(error) => Refusal::schema(&error, place),
            Self::Time(detail) => Refusal::at(Fault::InvalidTime, place, detail),
            Self::Type { held, given } => Refusal::at(
                Fault::TypeMismatch,
                place,
                format!(
                    "expected {held}, as the column holds, got {given}: send {held} values or use another column name"
                ),
            ),
        }
    }
}

impl Column {
    fn put(&mut self, cell: Cell<'_>, known: &mut Schema) -> Result<(), Mistake> {
        match (&mut self.cells, cell) {
            (_, Cell::Null) => self.cells.append_null(),
            (Cells::Boolean(cells), Cell::Boolean(value)) => cells.append_value(value),
            (Cells::Integer(cells), Cell::Integer(value)) => cells.append_value(value),
            (Cells::Float(cells), Cell::Float(value)) => cells.append_value(value),
            (Cells::Float(cells), Cell::Integer(value)) => cells.append_value(value as f64),
            (Cells::Text(cells), Cell::Text(value)) => cells.append_value(value),
            (Cells::FloatList(cells), Cell::List(values)) => {
                cells.values().append_slice(values);
                cells.append(true);
            }
            (Cells::Timestamp(cells), Cell::Text(text)) => {
                cells.append_value(instant::from_text(text).map_err(|error| Mistake::Time(error.to_string()))?);
            }
            (Cells::Timestamp(cells), Cell::Integer(millis)) => {
                cells.append_value(instant::from_millis(millis).map_err(|error| Mistake::Time(error.to_string()))?);
            }
            (Cells::Untyped, cell) => {
                let Some(given) = cell.column_type() else { return Ok(()) };
                known.admit(&self.name, given).map_err(Mistake::Schema)?;
                self.cells = Cells::nulls(given, self.filled);
                return self.put(cell, known);
            }
            (Cells::Integer(cells), Cell::Float(_)) => {
                self.cells = Cells::Float(widened(cells));
                return self.put(cell, known);
            }
            (cells, cell) => {
                return Err(match cells.column_type() {
                    Some(held) => Mistake::Type { held, given: cell.described() },
                    None => return Ok(()),
                });
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Option<(FieldRef, ArrayRef)> {
        let column_type = self.cells.column_type()?;
        let array: ArrayRef = match &mut self.cells {
            Cells::Untyped => return None,
            Cells::Boolean(cells) => Arc::new(cells.finish()),
            Cells::Integer(cells) => Arc::new(cells.finish()),
            Cells::Float(cells) => Arc::new(cells.finish()),
            Cells::Text(cells) => Arc::new(cells.finish()),
            Cells::Timestamp(cells) => Arc::new(cells.finish().with_timezone("UTC")),
            Cells::FloatList(cells) => Arc::new(cells.finish()),
        };
        (array.null_count() < array.len())
            .then(|| (Arc::new(Field::new(self.name.as_ref(), column_type.arrow(), true)), array))
    }
}

fn widened(cells: &mut Int64Builder) -> Float64Builder {
    let mut floats = Float64Builder::with_capacity(cells.len() + 1);
    floats.extend(cells.finish().iter().map(|cell| cell.map(|value| value as f64)));
    floats
}

impl Cells {
    fn nulls(column_type: ColumnType, rows: usize) -> Self {
        let mut cells = match column_type {
            ColumnType::Boolean => Self::Boolean(BooleanBuilder::new()),
            ColumnType::Integer => Self::Integer(Int64Builder::new()),
            ColumnType::Float => Self::Float(Float64Builder::new()),
            ColumnType::Text => Self::Text(StringBuilder::new()),
            ColumnType::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new()),
            ColumnType::FloatList => Self::FloatList(ListBuilder::new(Float64Builder::new())),
        };
        for _ in 0..rows {
            cells.append_null();
        }
        cells
    }

    fn column_type(&self) -> Option<ColumnType> {
        match self {
            Self::Untyped => None,
            Self::Boolean(_) => Some(ColumnType::Boolean),
            Self::Integer(_) => Some(ColumnType::Integer),
            Self::Float(_) => Some(ColumnType::Float),
            Self::Text(_) => Some(ColumnType::Text),
            Self::Timestamp(_) => Some(ColumnType::Timestamp),
            Self::FloatList(_) => Some(ColumnType::FloatList),
        }
    }

    fn append_null(&mut self) {
        match self {
            Self::Untyped => {}
            Self::Boolean(cells) => cells.append_null(),
            Self::Integer(cells) => cells.append_null(),
            Self::Float(cells) => cells.append_null(),
            Self::Text(cells) => cells.append_null(),
            Self::Timestamp(cells) => cells.append_null(),
            Self::FloatList(cells) => cells.append_null(),
        }
    }
}
