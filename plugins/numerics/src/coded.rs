//! A column whose values stand for classes: categories, or numbers taken as such.

use std::collections::BTreeMap;

use driftline_sdk::{Kind, Result, Rows};

use crate::key;

/// Cells as codes, and what the codes stand for. A missing cell is `u32::MAX`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coded {
    /// One for each row.
    pub codes: Vec<u32>,
    /// The label of code 0, 1, 2, …
    pub labels: Vec<String>,
}

/// Reads an input of categories or numbers as classes.
///
/// # Errors
/// When the input can't be read.
pub fn coded(rows: &Rows, input: &str) -> Result<Coded> {
    if rows.kind(input)? == Kind::Category {
        let cells = rows.categories(input)?;
        return Ok(Coded { codes: cells.codes().to_vec(), labels: cells.map_labels(str::to_owned) });
    }
    let mut coded = Coded::default();
    let mut known = BTreeMap::<u64, u32>::new();
    for cell in &*rows.numbers(input)? {
        coded.codes.push(match cell.is_nan() {
            true => u32::MAX,
            false => *known.entry(key::key(*cell)).or_insert_with(|| {
                coded.labels.push((cell + 0.0).to_string());
                coded.labels.len() as u32 - 1
            }),
        });
    }
    Ok(coded)
}
