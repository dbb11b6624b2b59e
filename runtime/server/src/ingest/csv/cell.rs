//! What the text of a cell can be read as.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Float64Builder, Int64Array, ListBuilder, StringArray};
use driftline_core::is_exact_as_float;

/// What all cells of a column are read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `true` or `false`
    Boolean,
    /// Whole numbers of 64 bits.
    Integer,
    /// Doubles.
    Float,
    /// JSON lists of numbers.
    FloatList,
    /// As they are.
    Text,
}

impl Target {
    /// The cells, each of which can be read so; one that can't is null.
    pub fn array(self, cells: &StringArray) -> ArrayRef {
        match self {
            Self::Boolean => Arc::new(cells.iter().map(|cell| boolean(cell?)).collect::<BooleanArray>()),
            Self::Integer => Arc::new(cells.iter().map(|cell| integer(cell?)).collect::<Int64Array>()),
            Self::Float => Arc::new(cells.iter().map(|cell| float(cell?)).collect::<Float64Array>()),
            Self::FloatList => lists(cells),
            Self::Text => Arc::new(cells.clone()),
        }
    }
}

fn lists(cells: &StringArray) -> ArrayRef {
    let mut lists = ListBuilder::with_capacity(Float64Builder::new(), cells.len());
    for cell in cells {
        let numbers = cell.and_then(list);
        lists.values().append_slice(numbers.as_deref().unwrap_or_default());
        lists.append(numbers.is_some());
    }
    Arc::new(lists.finish())
}

/// `true` or `false`, in one of three spellings.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A whole number of 64 bits.
pub fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A double.
pub fn float(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// Whether the text is a whole number that a double would round, such as an account number.
pub fn is_rounded_as_float(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    // Fifteen digits always fit.
    digits.len() > 15
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !integer(text).is_some_and(is_exact_as_float)
}

/// A JSON list of numbers, none of which a double would round.
pub fn list(text: &str) -> Option<Vec<f64>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    if inner.is_empty() {
        return Some(Vec::new());
    }
    let number = |item: &str| {
        let item = item.trim();
        float(item).filter(|number| number.is_finite() && !is_rounded_as_float(item))
    };
    inner.split(',').map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_that_lose_digits_count_as_rounded() {
        for (text, rounded) in [
            ("9007199254740992", false),
            ("9007199254740993", true),
            ("-9007199254740993", true),
            ("1152921504606846976", false),
            ("12345678901234567890", true),
            ("9007199254740993.0", false),
            ("1e300", false),
            ("", false),
        ] {
            assert_eq!(is_rounded_as_float(text), rounded, "{text}");
        }
    }

    #[test]
    fn lists_are_json_lists_of_numbers() {
        for (text, expected) in [
            ("[1, 2.5,-3e2]", Some(vec![1.0, 2.5, -300.0])),
            (" [ ] ", Some(vec![])),
            ("[1,]", None),
            ("[a]", None),
            ("[NaN]", None),
            ("[[1]]", None),
            ("[9007199254740993]", None),
            ("1", None),
        ] {
            assert_eq!(list(text), expected, "{text}");
        }
    }
}
