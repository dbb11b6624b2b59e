//! Metric columns that are filled cell by cell, typed by the model's schema or by what comes first.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{
        ArrayBuilder, ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
        TimestampMicrosecondBuilder,
    },
    datatypes::{Field, FieldRef},
};
use driftline_core::{ColumnType, Schema, is_exact_as_float};

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

/// The columns of the rows read since they were last taken.
#[derive(Debug)]
pub struct Columns {
    known: Schema,
    columns: Vec<Column>,
    index: HashMap<Box<str>, usize>,
    cursor: usize,
    rows: usize,
    /// The rows taken before.
    taken: usize,
    /// How many cells there are, null ones too.
    cells: usize,
}

#[derive(Debug)]
struct Column {
    name: Box<str>,
    cells: Cells,
    filled: usize,
    /// Whether it is known to hold integers that a float would round.
    wide: bool,
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
        Self { known, columns: Vec::new(), index: HashMap::new(), cursor: 0, rows: 0, taken: 0, cells: 0 }
    }

    /// The request's number of the row being read.
    pub fn row(&self) -> usize {
        self.taken + self.rows
    }

    /// How many rows have ended since the columns were last taken.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many cells these rows have, absent ones too.
    pub fn cells(&self) -> usize {
        self.cells
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
            let place = place(self.taken + self.rows, name);
            return Err(Refusal::at(Fault::DuplicateField, place, "the row has this field twice: send it once"));
        }
        column.put(cell, &mut self.known).map_err(|mistake| mistake.at(self.taken + self.rows, name))?;
        column.filled += 1;
        Ok(())
    }

    /// Ends the current row: what did not come is null.
    pub fn end_row(&mut self) {
        self.rows += 1;
        self.cursor = 0;
        self.cells += self.columns.len();
        for column in &mut self.columns {
            if column.filled < self.rows {
                column.cells.append_null();
                column.filled += 1;
            }
        }
    }

    /// The columns of the rows that have ended; those without a value are left
    /// out. The next rows are held against what these were.
    pub fn take(&mut self) -> Vec<(FieldRef, ArrayRef)> {
        self.taken += std::mem::take(&mut self.rows);
        self.cells = 0;
        self.index.clear();
        std::mem::take(&mut self.columns).into_iter().filter_map(Column::finish).collect()
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
        self.columns.push(Column { name: name.into(), cells, filled: self.rows, wide: false });
        self.columns.len() - 1
    }
}

/// The place of a cell in messages.
pub fn place(row: usize, name: &str) -> String {
    format!("rows[{row}].metrics.{name}")
}

/// Refuses a whole number that a column of floats would round.
pub fn rounded(value: impl std::fmt::Display, place: impl Into<String>) -> Refusal {
    let detail = format!(
        "the integer {value} would be rounded in a column of floats: send it as text or with a decimal point, \
         or use another column name"
    );
    Refusal::at(Fault::IntegerOutOfRange, place, detail)
}

enum Mistake {
    Type { held: ColumnType, given: String },
    Rounded(i64),
    Schema(driftline_core::SchemaError),
    Time(String),
}

impl Mistake {
    fn at(self, row: usize, name: &str) -> Refusal {
        let place = place(row, name);
        match self {
            Self::Schema(error) => Refusal::schema(&error, place),
            Self::Time(detail) => Refusal::at(Fault::InvalidTime, place, detail),
            Self::Rounded(value) => rounded(value, place),
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
            (Cells::Integer(cells), Cell::Integer(value)) => {
                if !self.wide && !is_exact_as_float(value) {
                    known.admit_wide(&self.name).map_err(Mistake::Schema)?;
                    self.wide = true;
                }
                cells.append_value(value);
            }
            (Cells::Float(cells), Cell::Float(value)) => cells.append_value(value),
            (Cells::Float(_), Cell::Integer(value)) if !is_exact_as_float(value) => {
                return Err(Mistake::Rounded(value));
            }
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
                known.admit(&self.name, ColumnType::Float).map_err(Mistake::Schema)?;
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
