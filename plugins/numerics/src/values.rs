//! How often each value of a column occurs, where values are categories or few numbers: the summary.

use driftline_sdk::{Error, Inputs, Report, Result, Rows};
use serde::{Deserialize, Serialize};

use crate::{
    Column,
    binning::{Counts, count_values},
};

/// More distinct values than this are identifiers, not categories.
const MOST: usize = 100_000;
/// Entries of numbers above which equal ones are made one. Where more than these are left, more are distinct than may be.
const JOIN: usize = 1 << 18;

/// Counts of at most 100,000 distinct values of the input `value`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Values {
    column: Column,
}

impl Values {
    /// Takes in rows.
    ///
    /// # Errors
    /// When there are too many distinct values.
    pub fn update(&mut self, rows: &Rows) -> Result<()> {
        self.column.update(rows, "value")?;
        self.check()
    }

    /// Sorts what is buffered; needed before reading.
    pub fn settle(&mut self) {
        self.column.settle();
    }

    /// Adds other values.
    ///
    /// # Errors
    /// When these are none, or there are too many distinct ones.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        if !other.column.is_sound() {
            return Err(Error::data("the saved state was not made by this plugin"));
        }
        self.column.merge(other.column);
        self.check()
    }

    /// How many cells hold a value.
    pub fn present(&self) -> f64 {
        self.column.present()
    }

    /// The counts of both sides, value by value, as `then` reports them; without cells on a side each of `outputs` is
    /// undefined.
    ///
    /// # Errors
    /// When there is no reference, or there are too many distinct values.
    pub fn compare(
        &self,
        reference: Option<&Self>,
        inputs: &Inputs,
        outputs: &[&str],
        then: impl FnOnce(&Counts) -> Report,
    ) -> Result<Report> {
        let reference = reference.ok_or_else(|| Error::parameters("choose a reference to compare with"))?;
        for (side, place) in [(self, "window"), (reference, "reference")] {
            if side.present() == 0.0 {
                return Ok(Report::undefined(outputs, &format!("no values in the {place}")));
            }
        }
        let counts = count_values(&self.column, &reference.column, inputs.kind("value")?);
        if counts.names.len() > MOST { Err(too_many()) } else { Ok(then(&counts)) }
    }

    fn check(&mut self) -> Result<()> {
        self.column.numbers.join_above(JOIN);
        match self.column.labels.len() > MOST || self.column.numbers.entries() >= JOIN {
            true => Err(too_many()),
            false => Ok(()),
        }
    }
}

fn too_many() -> Error {
    Error::data(format!(
        "`value` has more than {MOST} distinct values: is it an identifier? Group them, or compare numbers with `psi` or `ks`"
    ))
}
