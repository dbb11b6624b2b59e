//! Binary ground truth: which rows are positive.

use crate::{Error, Kind, Result, Rows};

/// Reads a `label` input of numbers or categories as 1 for positive and 0 for negative rows.
///
/// Without `positive`, numbers are 0 or 1, and categories are `true`, `1`,
/// `false` or `0`. With it, exactly the rows of that label are positive.
///
/// # Errors
/// [`Error::Data`] naming a label that is neither, and [`Error::Parameters`]
/// when `positive` is not a number but the labels are.
pub fn labels(rows: &Rows, input: &str, positive: Option<&str>) -> Result<Vec<u8>> {
    match rows.kind(input)? {
        Kind::Category => categories(rows, input, positive),
        Kind::Number | Kind::Timestamp => numbers(&rows.numbers(input)?, input, positive),
    }
}

fn categories(rows: &Rows, input: &str, positive: Option<&str>) -> Result<Vec<u8>> {
    const NEITHER: u8 = 2;
    let cells = rows.categories(input)?;
    let classes = cells.map_labels(|label| match positive {
        Some(positive) => u8::from(label == positive),
        None if label.eq_ignore_ascii_case("true") || label == "1" => 1,
        None if label.eq_ignore_ascii_case("false") || label == "0" => 0,
        None => NEITHER,
    });
    let class = |code: &u32| classes.get(*code as usize).copied().unwrap_or(NEITHER);
    let labels: Vec<u8> = cells.codes().iter().map(class).collect();
    match labels.iter().position(|label| *label == NEITHER) {
        Some(row) => Err(unclear(input, &format!("`{}`", cells.get(row).unwrap_or("(missing)")))),
        None => Ok(labels),
    }
}

#[inline(never)]
fn numbers(cells: &[f64], input: &str, positive: Option<&str>) -> Result<Vec<u8>> {
    if let Some(positive) = positive {
        let number: f64 = positive.parse().map_err(|_| {
            Error::parameters(format!("`positive` is `{positive}`, but `{input}` holds numbers: give a number"))
        })?;
        return Ok(equal_to(number, cells));
    }
    let is_clear = |cell: &f64| (*cell == 0.0) | (*cell == 1.0);
    // Sixteen in a turn of the loop, without an early end among them.
    let (sixteens, rest) = cells.as_chunks::<16>();
    let clear = |cells: &[f64; 16]| cells.iter().fold(true, |clear, cell| clear & is_clear(cell));
    if sixteens.iter().all(clear) && rest.iter().all(is_clear) {
        return Ok(equal_to(1.0, cells));
    }
    let other = cells.iter().find(|cell| **cell != 0.0 && **cell != 1.0).copied().unwrap_or(f64::NAN);
    Err(unclear(input, &other.to_string()))
}

#[inline(never)]
fn equal_to(number: f64, cells: &[f64]) -> Vec<u8> {
    let (sixteens, rest) = cells.as_chunks::<16>();
    let mut labels = Vec::with_capacity(cells.len());
    for sixteen in sixteens {
        labels.extend_from_slice(&sixteen.map(|cell| u8::from(cell == number)));
    }
    labels.extend(rest.iter().map(|cell| u8::from(*cell == number)));
    labels
}

fn unclear(input: &str, label: &str) -> Error {
    Error::data(format!(
        "`{input}` holds {label}, which is neither 0 nor 1, false nor true: \
         name the positive label with the parameter `positive`, or bind `{input}` to a comparison"
    ))
}
