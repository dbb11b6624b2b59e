//! Where rows come from: the runtime's `columns` interface, or a native program.

use std::{borrow::Cow, sync::Arc};

use crate::Kind;

/// The rows being measured: the functions of the contract's `columns`
/// interface, with the same meaning and the same numbering of columns.
///
/// Implement it to run metrics in a native program. `bound`, `name` and `kind`
/// are asked at any time, the others only during [`Accumulator::update`].
///
/// [`Accumulator::update`]: crate::Accumulator::update
pub trait Source {
    /// The number of rows in this batch.
    fn rows(&self) -> usize;

    /// The columns bound to an input.
    fn bound(&self, input: u32) -> Vec<u32>;

    /// The data set's name for a column.
    fn name(&self, column: u32) -> String;

    /// How a column is read.
    fn kind(&self, column: u32) -> Kind;

    /// Cells of a number column; a null is a NaN.
    fn numbers(&self, column: u32) -> Cow<'_, [f64]>;

    /// One bit per row, least significant first, 1 = present; `None` when no cell is null.
    fn validity(&self, column: u32) -> Option<Cow<'_, [u8]>>;

    /// Cells of a category column as codes; a null is `u32::MAX`.
    fn codes(&self, column: u32) -> Cow<'_, [u32]>;

    /// The labels of codes 0, 1, 2, …: at least those of this batch.
    fn labels(&self, column: u32) -> Arc<Vec<String>>;

    /// Cells of a timestamp column in microseconds; a null is `i64::MIN`.
    fn timestamps(&self, column: u32) -> Cow<'_, [i64]>;
}
