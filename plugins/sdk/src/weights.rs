//! How much each row counts.

use std::borrow::Cow;

use crate::{Error, Result, Rows};

/// Reads an optional input of weights; `None` when nothing is bound to it.
///
/// # Errors
/// [`Error::Data`] naming a weight that is negative or not finite.
pub fn weights<'a>(rows: &Rows<'a>, input: &str) -> Result<Option<Cow<'a, [f64]>>> {
    if !rows.has(input)? {
        return Ok(None);
    }
    let weights = rows.numbers(input)?;
    match weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
        Some(weight) => Err(Error::data(format!("`{input}` holds {weight}: weights must be finite and not negative"))),
        None => Ok(Some(weights)),
    }
}
