//! Rows as a metric reads them: columns by the name of an input.

use std::{borrow::Cow, collections::BTreeMap, ops::Deref, sync::Arc};

use crate::{Error, Input, Kind, Result, Source};

/// Which columns are bound to which inputs.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    source: &'a dyn Source,
    declared: &'a [Input],
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(source: &'a dyn Source, declared: &'a [Input]) -> Self {
        Self { source, declared }
    }

    /// The numbers of the columns bound to an input: none when an optional input was left out.
    pub fn columns(&self, input: &str) -> Result<Vec<u32>> {
        let number = self.declared.iter().position(|declared| declared.name == input);
        match number.and_then(|number| u32::try_from(number).ok()) {
            Some(number) => Ok(self.source.bound(number)),
            None => Err(Error::failed(format!("the plugin reads an input `{input}` that it does not declare"))),
        }
    }

    /// Whether something is bound to an input.
    pub fn has(&self, input: &str) -> Result<bool> {
        Ok(!self.columns(input)?.is_empty())
    }

    /// The data set's name for the (first) column of an input.
    pub fn name(&self, input: &str) -> Result<String> {
        Ok(self.source.name(self.first(input)?))
    }

    /// How the (first) column of an input is read.
    pub fn kind(&self, input: &str) -> Result<Kind> {
        Ok(self.source.kind(self.first(input)?))
    }

    fn first(&self, input: &str) -> Result<u32> {
        self.columns(input)?.first().copied().ok_or_else(|| {
            Error::failed(format!(
                "the plugin reads the optional input `{input}`, which is not bound: bind a column to it"
            ))
        })
    }
}

/// The batch of rows to take in.
///
/// Reading by the name of an input gives its first column; the `_of` variants
/// take the numbers that [`Inputs::columns`] lists, for repeated inputs.
#[derive(Clone, Copy)]
pub struct Rows<'a>(Inputs<'a>);

impl<'a> Deref for Rows<'a> {
    type Target = Inputs<'a>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a> Rows<'a> {
    pub(crate) fn new(inputs: Inputs<'a>) -> Self {
        Self(inputs)
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.0.source.rows()
    }

    /// Whether the batch has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cells of a number input; a missing one is a NaN.
    pub fn numbers(&self, input: &str) -> Result<Cow<'a, [f64]>> {
        Ok(self.numbers_of(self.0.first(input)?))
    }

    /// Cells of a number column; a missing one is a NaN.
    pub fn numbers_of(&self, column: u32) -> Cow<'a, [f64]> {
        self.0.source.numbers(column)
    }

    /// Cells of a category input.
    pub fn categories(&self, input: &str) -> Result<Categories<'a>> {
        Ok(self.categories_of(self.0.first(input)?))
    }

    /// Cells of a category column.
    pub fn categories_of(&self, column: u32) -> Categories<'a> {
        Categories { codes: self.0.source.codes(column), labels: self.0.source.labels(column) }
    }

    /// Cells of a timestamp input, microseconds since 1970-01-01 UTC; a missing one is `i64::MIN`.
    pub fn timestamps(&self, input: &str) -> Result<Cow<'a, [i64]>> {
        Ok(self.timestamps_of(self.0.first(input)?))
    }

    /// Cells of a timestamp column, microseconds since 1970-01-01 UTC; a missing one is `i64::MIN`.
    pub fn timestamps_of(&self, column: u32) -> Cow<'a, [i64]> {
        self.0.source.timestamps(column)
    }

    /// Which cells of an input are present.
    pub fn validity(&self, input: &str) -> Result<Validity<'a>> {
        Ok(Validity(self.0.source.validity(self.0.first(input)?)))
    }
}

/// Which cells of a column are present.
pub struct Validity<'a>(Option<Cow<'a, [u8]>>);

impl Validity<'_> {
    /// Whether no cell is missing.
    pub fn all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the cell of a row is present.
    pub fn is_present(&self, row: usize) -> bool {
        match &self.0 {
            Some(bits) => bits.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1),
            None => true,
        }
    }

    /// Which cells of the rows `8 * byte` to `8 * byte + 7` are present, the first in the lowest bit.
    pub fn byte(&self, byte: usize) -> u8 {
        self.0.as_ref().map_or(u8::MAX, |bits| bits.get(byte).copied().unwrap_or(0))
    }

    /// How many of the first `rows` cells are present.
    pub fn count(&self, rows: usize) -> usize {
        let Some(bits) = &self.0 else { return rows };
        let whole = &bits[..bits.len().min(rows / 8)];
        let rest = (8 * whole.len()..rows).filter(|row| self.is_present(*row)).count();
        whole.iter().map(|byte| byte.count_ones() as usize).sum::<usize>() + rest
    }
}

/// The cells of a category column.
pub struct Categories<'a> {
    codes: Cow<'a, [u32]>,
    labels: Arc<Vec<String>>,
}

impl Categories<'_> {
    /// The number of cells.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The label of a row; `None` when missing.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.codes.get(row).and_then(|code| self.label(*code))
    }

    /// The labels of all rows; `None` where missing.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.codes.iter().map(|code| self.label(*code))
    }

    /// For every code a value made from its label, to be looked up by [`codes`](Self::codes).
    pub fn map_labels<T>(&self, make: impl FnMut(&str) -> T) -> Vec<T> {
        self.labels.iter().map(String::as_str).map(make).collect()
    }

    /// The cells as codes: numbers that mean the same label for the life of the
    /// plugin's instance, and nothing beyond. A missing cell is `u32::MAX`.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// How often each label occurs, and how many cells are missing.
    pub fn counts(&self) -> (Vec<(&str, u64)>, u64) {
        let mut by_code = BTreeMap::<u32, u64>::new();
        if self.labels.len() <= 4 * self.codes.len() {
            let mut dense = vec![0_u64; self.labels.len() + 1];
            let missing = self.labels.len();
            for code in self.codes.iter() {
                dense[(*code as usize).min(missing)] += 1;
            }
            by_code.extend((0..).zip(dense).filter(|(_, count)| *count > 0));
        } else {
            for code in self.codes.iter() {
                *by_code.entry(*code).or_default() += 1;
            }
        }
        let named = by_code.iter().filter_map(|(code, count)| Some((self.label(*code)?, *count)));
        let missing = by_code.iter().filter(|(code, _)| self.label(**code).is_none()).map(|(_, count)| count).sum();
        (named.collect(), missing)
    }

    fn label(&self, code: u32) -> Option<&str> {
        self.labels.get(code as usize).map(String::as_str)
    }
}
