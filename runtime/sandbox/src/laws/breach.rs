//! How a broken law shows.

use std::fmt;

use driftline_core::Failure;

use super::{compare::Difference, trial::Trial};

/// More rows are not written out.
const SHOWN_ROWS: usize = 12;

/// Rows, and two answers about them that should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// How many rows.
    pub rows: usize,
    /// The first of them, each as a JSON object of inputs.
    pub shown: Vec<String>,
    /// The parameters, as JSON.
    pub parameters: String,
    /// What differs: an output, or what else was looked at.
    pub output: String,
    /// What it must be.
    pub expected: String,
    /// What it is,
    pub found: String,
    /// and how it came to be that.
    pub how: String,
}

impl Breach {
    /// Two reports, or states, differ.
    pub(super) fn difference(trial: &Trial<'_>, rows: usize, how: impl Into<String>, found: Difference) -> Self {
        let Difference { output, expected, found } = found;
        Self::of(trial, rows, how.into(), output, expected, found)
    }

    /// A call failed that must not.
    pub(super) fn failure(trial: &Trial<'_>, rows: usize, how: &str, failure: &Failure) -> Self {
        let found = format!("a failure, {} ({})", failure.message, failure.code);
        Self::of(trial, rows, how.to_owned(), "the answer".to_owned(), "a report".to_owned(), found)
    }

    fn of(trial: &Trial<'_>, rows: usize, how: String, output: String, expected: String, found: String) -> Self {
        let (shown, parameters) = (trial.shown(rows.min(SHOWN_ROWS)), trial.parameters().to_owned());
        Self { rows, shown, parameters, output, expected, found, how }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, shown, parameters, output, expected, found, how } = self;
        match rows {
            0 => f.write_str("of no rows")?,
            1 => write!(f, "of the row {}", shown.join(""))?,
            _ => write!(f, "of the {rows} rows {}", shown.join(", "))?,
        }
        if *rows > shown.len() {
            write!(f, " and {} more", rows - shown.len())?;
        }
        if parameters != "{}" {
            write!(f, " with parameters {parameters}")?;
        }
        write!(f, ", {output} is {found} {how}, and must be {expected}")
    }
}
