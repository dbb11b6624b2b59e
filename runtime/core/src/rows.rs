//! Rows as a plugin sees them: columns numbered by the plugin's inputs.

use arrow::array::{Array, Float64Array, StringArray, TimestampMicrosecondArray};

use crate::Kind;

/// Which columns are bound to which input, fixed for one run.
///
/// Input `i` is column `i`; the second and later columns of repeated inputs
/// get the numbers after the last input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputLayout {
    /// For each column number its binding; `None` for an optional input that was left out.
    pub columns: Vec<Option<BoundColumn>>,
    /// For each input the numbers of its columns; empty when it was left out.
    pub bound: Vec<Vec<u32>>,
}

/// A column that feeds an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundColumn {
    /// The data set's name for it, or the expression that makes it.
    pub name: String,
    /// How its cells are read.
    pub kind: Kind,
}

/// The cells of one column.
#[derive(Debug, Clone)]
pub enum Cells {
    /// Of a number column.
    Numbers(Float64Array),
    /// Of a category column, as labels.
    Categories(StringArray),
    /// Of a timestamp column, microseconds UTC.
    Timestamps(TimestampMicrosecondArray),
}

impl Cells {
    /// How these cells are read.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Numbers(_) => Kind::Number,
            Self::Categories(_) => Kind::Category,
            Self::Timestamps(_) => Kind::Timestamp,
        }
    }

    /// The cells as an Arrow array.
    pub fn array(&self) -> &dyn Array {
        match self {
            Self::Numbers(array) => array,
            Self::Categories(array) => array,
            Self::Timestamps(array) => array,
        }
    }
}

/// Rows to take in: one entry for each column of the run's [`InputLayout`],
/// `None` where the layout has none. Every column has `rows` cells.
#[derive(Debug, Clone)]
pub struct InputBatch {
    /// How many rows.
    pub rows: usize,
    /// The columns, numbered as in [`InputLayout::columns`].
    pub columns: Vec<Option<Cells>>,
}
