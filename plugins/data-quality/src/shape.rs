//! What a cell looks like, whatever type its column has.

use serde::{Deserialize, Serialize};

/// Kinds of looks, and how many cells have each.
pub(crate) const NAMES: [&str; 6] = ["whole number", "number", "true or false", "date", "blank", "text"];

/// Cells by how they look, in the order of [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Shapes([u64; 6]);

impl Shapes {
    pub(crate) fn add_number(&mut self, number: f64) {
        self.0[usize::from(number.fract() != 0.0 || number.is_infinite())] += 1;
    }

    pub(crate) fn add_label(&mut self, label: &str, count: u64) {
        let text = label.trim();
        let shape = match text {
            "" => 4,
            _ if text.parse::<i64>().is_ok() => 0,
            _ if looks_like_a_number(text) => 1,
            _ if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => 2,
            _ if looks_like_a_date(text) => 3,
            _ => 5,
        };
        self.0[shape] += count;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(ours, theirs)| *ours += theirs);
    }

    /// Cells whose look none of the reference's has, and the names of those looks.
    pub(crate) fn surprises(&self, reference: &Self) -> (u64, Vec<&'static str>) {
        let new = |i: &usize| self.0[*i] > 0 && reference.0[*i] == 0;
        let places: Vec<usize> = (0..NAMES.len()).filter(new).collect();
        (places.iter().map(|i| self.0[*i]).sum(), places.iter().map(|i| NAMES[*i]).collect())
    }

    pub(crate) fn counts(&self) -> [u64; 6] {
        self.0
    }
}

/// Not the words that Rust would take too: inf, nan.
fn looks_like_a_number(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

/// Starts like 2024-05-31.
fn looks_like_a_date(text: &str) -> bool {
    let is_place =
        |(place, byte): (usize, u8)| if place == 4 || place == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() >= 10 && text.bytes().take(10).enumerate().all(is_place)
}
